import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocks, DOCUMENTS, isExcerpt, isPage } from './documents.ts'

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join('src', name), 'utf8'))

/** Less work in place of the documented sizes; what is run is otherwise what is written. */
const shortened = (command: string): string =>
  command
    .replace(/(train .*--steps) \d+/, '$1 60')
    .replace(
      /^npx oxbow compare(.*)$/,
      'npx oxbow compare$1 --training.steps 40 --training.batch 64 --count 500',
    )
    .replace(/^npx oxbow evaluate(.*)$/, 'npx oxbow evaluate$1 --count 500')
    .replace(/^npx oxbow bench(.*)$/, 'npx oxbow bench$1 --rounds 1 --python no-python')
    .replace(/^npx oxbow /, `node ${resolve('dist/cli/main.js')} `)

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
  test.each(scripts.map((block, i) => [`${block.document}, block ${i}`, block] as const))(
    '%s runs',
    (_, { text }) => {
      const file = join(folder, `block-${Math.abs(text.length * 31 + text.charCodeAt(20))}.mjs`)
      writeFileSync(file, text)
      execFileSync('node', [file], { cwd: folder, stdio: 'pipe', timeout: 60_000 })
    },
  )

  test.each(blocks.filter(isExcerpt).map(block => [block.document, block] as const))(
    'the excerpt in %s is in the source',
    (_, { text }) => {
      expect(SOURCES.some(source => source.includes(text.trim()))).toBe(true)
    },
  )

  test('the commands of the README run in their order', { timeout: 600_000 }, () => {
    const commands = blocks
      .filter(({ document, language }) => document === 'README.md' && language === 'sh')
      .flatMap(({ text }) => text.trim().split('\n'))
      .filter(command => command.startsWith('npx oxbow'))
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      execFileSync('sh', ['-c', shortened(command)], { cwd: folder, stdio: 'pipe', timeout: 120_000 })
    }
  })

  const runnable = blocks.filter(
    ({ document, language, text }) =>
      document === 'docs/configuration.md' && language === 'sh' && text.includes('oxbow train'),
  )
  test.each(runnable.map((block, i) => [i, block] as const))(
    'the commands of docs/configuration.md, block %i, run in their order',
    (i, { text }) => {
      const cwd = join(folder, `configuration-${i}`)
      mkdirSync(cwd)
      const small = '--network.hidden 8 --batch 16'
      for (const command of text.trim().split('\n')) {
        const fresh = command.includes('--resume') ? command : `${command} ${small}`
        const coupled = /reflow/.test(fresh) ? `${fresh} --coupling.pairs 50` : fresh
        const short = /--steps \d/.test(coupled)
          ? coupled.replace(/--steps [1-9]\d*/, '--steps 20')
          : `${coupled} --steps 10`
        const words = short.replace(/^oxbow /, `node ${resolve('dist/cli/main.js')} `)
        execFileSync('sh', ['-c', words], { cwd, stdio: 'pipe', timeout: 60_000 })
      }
    },
  )

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
