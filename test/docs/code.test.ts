import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodePicture } from '../data/files.ts'
import { long, some } from '../helpers/long.ts'
import { blocks, DOCUMENTS, isExcerpt, isPage } from './documents.ts'
import { codeStep, commandSteps, inOneProcess } from './steps.ts'

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join('src', name), 'utf8'))

describe('code in the documents', () => {
  // Inside the package, so that `import ... from 'oxbow'` finds it.
  let folder = ''
  beforeAll(() => {
    mkdirSync('runs', { recursive: true })
    folder = mkdtempSync(resolve('runs/docs-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const scripts = blocks.filter(
    block => block.language === 'ts' && !isExcerpt(block) && !isPage(block.document),
  )
  test('runs', { timeout: 180_000 }, () => {
    expect(scripts.length).toBeGreaterThan(4)
    inOneProcess(
      folder,
      'code',
      scripts.map(({ document, text }, i) => codeStep(folder, `${basename(document, '.md')}-${i}`, text)),
    )
  })

  test.each(blocks.filter(isExcerpt).map(block => [block.document, block] as const))(
    'the excerpt in %s is in the source',
    (_, { text }) => {
      expect(SOURCES.some(source => source.includes(text.trim()))).toBe(true)
    },
  )

  long('the commands of the README run in their order', { timeout: 180_000 }, () => {
    const steps = blocks
      .filter(({ document, language }) => document === 'README.md' && language === 'sh')
      .flatMap(({ text }) => commandSteps('README', text))
    expect(steps.length).toBeGreaterThan(5)
    inOneProcess(folder, 'readme', steps)
  })

  test.each(
    some(
      [
        ['guidance', 3],
        ['configuration', 6],
      ] as const,
      [['guidance', 3]],
    ),
  )('the commands of docs/%s.md run in their order', { timeout: 180_000 }, (name, least) => {
    const steps = blocks
      .filter(({ document, language }) => document === `docs/${name}.md` && language === 'sh')
      .flatMap(({ text }, i) => commandSteps(`${name}-${i}`, text))
    expect(steps.length).toBeGreaterThanOrEqual(least)
    inOneProcess(folder, name, steps)
  })

  long('the walk from a folder of pictures to a model runs in its order', { timeout: 180_000 }, async () => {
    const at = 'walk'
    for (const name of ['circle', 'square', 'star', 'triangle']) {
      mkdirSync(join(folder, at, 'shapes', name), { recursive: true })
      for (let i = 0; i < 10; i++) {
        const pixels = Uint8Array.from({ length: 24 * 22 * 3 }, (_, k) => (k * (i + 1) * name.length) % 256)
        writeFileSync(join(folder, at, 'shapes', name, `${i}.png`), await encodePicture([24, 22, 3], pixels))
      }
    }
    symlinkSync(resolve('examples'), join(folder, at, 'examples'))
    const [, walk] = readFileSync('docs/images.md', 'utf8').split('## Your own pictures\n')
    const [section] = walk.split('\n## ')
    const steps = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, text]) =>
      commandSteps(at, text.replace(/(oxbow train .*)/g, '$1 --schedule.warmup 5 --network.depth 1')),
    )
    expect(steps.length).toBeGreaterThan(7)
    inOneProcess(folder, 'walk', steps)
    for (const file of ['velocity.png', 'sheet.png', 'stars.png', 'again.png', 'runs/map/report.html']) {
      expect(existsSync(join(folder, at, file)), file).toBe(true)
    }
  })

  test('npm scripts that the documents name exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = DOCUMENTS.flatMap(document => [
      ...readFileSync(document, 'utf8').matchAll(/npm run ([\w-]+)/g),
    ])
    for (const [, name] of named) expect(scripts).toHaveProperty(name)
  })
})
