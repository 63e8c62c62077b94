import type { TargetConfig } from '../serialization/target.ts'
import { UsageError } from './failure.ts'
import { parseYaml } from './yaml.ts'

/** The name of an energy or dataset, the path of a file, or a block. @throws UsageError */
export function targetSpec(text: string): TargetConfig {
  if (!/^\s*\{/.test(text)) return text
  try {
    return parseYaml(text) as TargetConfig
  } catch {
    throw new UsageError(
      `--energy: expected a name, an .onnx file or a block such as {kind: many-well, dimension: 8}, found "${text}"`,
    )
  }
}
