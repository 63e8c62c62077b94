import { readdirSync, readFileSync } from 'node:fs'

export const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md') && !name.includes('node_modules'))

/** A page of objectives: its code from the source is kept true by the script that puts it there. */
export const isPage = (document: string): boolean => document.startsWith('docs/objectives/')
const GENERATED_CODE = /^<!-- code [\s\S]*?^<!-- end -->/gm

export interface Block {
  readonly document: string
  readonly language: string
  readonly text: string
}

export const blocks: Block[] = DOCUMENTS.flatMap(document =>
  [
    ...readFileSync(document, 'utf8')
      .replace(GENERATED_CODE, '')
      .matchAll(/^```(\w+)\n([\s\S]*?)^```/gm),
  ].map(([, language, text]) => ({ document, language, text })),
)

/** An excerpt shows code of ours and is not run, but it must still be there, word for word. */
export const isExcerpt = ({ text }: Block): boolean =>
  text.includes('export const') && !text.includes('import ')
