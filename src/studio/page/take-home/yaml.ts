import { Document, isScalar, visit } from 'yaml'
import type { UserConfig } from '../../../config/index.ts'

/** A configuration as YAML, lists of numbers on one line. */
export function yamlOf(config: UserConfig): string {
  const document = new Document(config)
  visit(document, {
    Seq: (_, list) => {
      list.flow = list.items.every(isScalar)
    },
  })
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 })
}
