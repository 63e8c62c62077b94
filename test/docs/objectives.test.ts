import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocks, DOCUMENTS, isPage } from './documents.ts'

/** A block of the pages with short trainings and few points. */
const shortenedCode = (text: string): string =>
  text.replace(/\bsteps: \d{3,}/g, 'steps: 25').replace(/\bcount: \d{3,}/g, 'count: 100')

/** The arguments of a command of the pages, which train small networks on few points. */
function shortenedArguments(command: string): string[] {
  const [, , name, ...rest] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  )
  const few: Record<string, Record<string, string>> = {
    train: { '--steps': '20', '--batch': '64', '--network.hidden': '32', '--coupling.pairs': '256' },
    evaluate: { '--count': '300' },
  }
  const less = few[name] ?? {}
  const kept = rest.filter((_, i) => !(rest[i] in less) && !(rest[i - 1] in less))
  return [name, ...kept, ...Object.entries(less).flat()]
}

describe('the pages of objectives', () => {
  const GENERATE = resolve('docs/objectives/generate.mjs')
  const pages = DOCUMENTS.filter(isPage)
  const blocksOf = (document: string, language: string) =>
    blocks.filter(block => block.document === document && block.language === language)

  let folder = ''
  beforeAll(() => {
    mkdirSync('runs', { recursive: true })
    folder = mkdtempSync(resolve('runs/pages-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs `node` on a script of ours. */
  const node = (script: string, ...options: string[]) => {
    const { status, stdout, stderr } = spawnSync('node', [script, ...options], {
      encoding: 'utf8',
      timeout: 170_000,
    })
    return { status, text: stdout + stderr }
  }

  /** A script that does its steps one after the other in one process, each in a folder; the last one named is the one that failed. */
  const inOneProcess = (name: string, before: string, steps: readonly { at: string; code: string }[]) => {
    const lines = steps.map(({ at, code }) => {
      mkdirSync(join(folder, at), { recursive: true })
      return `console.log(${JSON.stringify(`at ${at}`)}); process.chdir(${JSON.stringify(join(folder, at))})\n${code}`
    })
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, [before, ...lines].join('\n'))
    const { status, text } = node(file)
    expect(status, text.slice(-2000)).toBe(0)
    return text
  }

  test('each has code and commands to try', () => {
    expect(pages.length).toBeGreaterThan(8)
    for (const page of pages) {
      expect(blocksOf(page, 'ts').length, page).toBeGreaterThan(0)
      expect(blocksOf(page, 'sh').length, page).toBeGreaterThan(0)
    }
  })

  test('their code runs, with shorter trainings, and prints something', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page =>
      blocksOf(page, 'ts').map(({ text }, i) => {
        const at = `${basename(page, '.md')}-${i}`
        mkdirSync(join(folder, at))
        writeFileSync(join(folder, at, 'block.mjs'), shortenedCode(text))
        return { at, code: `await import('./${at}/block.mjs')` }
      }),
    )
    const text = inOneProcess('code', '', steps)
    for (const { at } of steps) expect(text).toMatch(new RegExp(`^at ${at}\n(?!at )\\S`, 'm'))
  })

  test('their commands run in their order', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page => {
      const commands = blocksOf(page, 'sh').flatMap(({ text }) => text.trim().split('\n'))
      return commands
        .filter(command => command.startsWith('npx oxbow '))
        .map(command => ({
          at: `${basename(page, '.md')}-commands`,
          code: `await run(${JSON.stringify(shortenedArguments(command))})`,
        }))
    })
    expect(steps.length).toBeGreaterThan(20)
    const before = `import { main } from ${JSON.stringify(resolve('dist/cli/program.js'))}
      const run = async argv => {
        const code = await main(argv)
        if (code !== 0) throw new Error(\`oxbow \${argv.join(' ')}: exit code \${code}\`)
      }`
    inOneProcess('commands', before, steps)
  })

  test('what is generated in them is up to date', () => {
    expect(node(GENERATE, '--check')).toEqual({ status: 0, text: '' })
  })

  test('numbers of the leaderboard come to the pages', () => {
    const above = mkdtempSync(join(folder, 'numbers-'))
    const copy = join(above, 'objectives')
    mkdirSync(copy)
    for (const page of pages) writeFileSync(join(copy, basename(page)), readFileSync(page))
    const at = (...means: number[]) => Object.fromEntries(means.map((mean, i) => [2 ** i, { mean }]))
    const ring = {
      data: 'ring',
      floors: { slicedWasserstein: 0.07 },
      methods: {
        'Euler on the teacher': {
          objective: 'flow-matching',
          metrics: { slicedWasserstein: at(2.7, 0.8, 0.3, 0.2) },
        },
        'ours, quick': {
          objective: 'cmt',
          metrics: { slicedWasserstein: at(0.5), trajectoryError: at(0.25) },
        },
        psd: { objective: 'psd', metrics: { slicedWasserstein: at(0.4, 0.3, 0.2, 0.1) } },
      },
    }
    writeFileSync(join(above, 'leaderboard.json'), JSON.stringify({ budget: 1.6e12, boards: [ring] }))
    expect(node(GENERATE, copy)).toEqual({ status: 0, text: '' })
    const text = readFileSync(join(copy, 'trajectory.md'), 'utf8')
    expect(text).toContain(`|  | ring | ring, trajectory |
| --- | ---: | ---: |
| ours, quick | 0.500 / - / - / - | 0.250 |
| Euler on the teacher | 2.70 / 0.800 / 0.300 / 0.200 | - |
| *noise floor* | 0.070 | 0 |`)
    expect(text).toContain('every training spends 1.6')
    expect(text).not.toContain('psd |')
  })

  test('the check sees what is wrong', () => {
    const changes: Record<string, [string | RegExp, string][]> = {
      'README.md': [['| 7.56 |', '| 7.57 |']],
      'lagrangian.md': [['error(dF, teacher', 'error(dF, target']],
      'diagonal.md': [['<!-- row itm -->', '']],
      'consistency.md': [['consistency.ts ctm -->', 'consistency.ts ctn -->']],
      'trajectory.md': [['numbers cmt', 'numbers cnt']],
      'two-way.md': [[/<!-- end -->(?![\s\S]*<!-- end -->)/, '']],
    }
    const copy = mkdtempSync(join(folder, 'copy-'))
    for (const page of pages) {
      const before = readFileSync(page, 'utf8')
      const after = (changes[basename(page)] ?? []).reduce(
        (text, [from, to]) => text.replace(from, to),
        before,
      )
      if (basename(page) in changes) expect(after, page).not.toBe(before)
      writeFileSync(join(copy, basename(page)), after)
    }
    const { status, text } = node(GENERATE, '--check', copy)
    expect(status).toBe(1)
    for (const problem of [
      'on no page: itm',
      'README.md: out of date',
      'lagrangian.md: out of date',
      'consistency.md, code src/objective/consistency.ts ctn: src/objective/consistency.ts declares no ctn',
      'trajectory.md, numbers cnt: no row cnt in the catalogue',
      'two-way.md: 3 starts of regions and 2 ends',
    ]) {
      expect(text).toContain(problem)
    }
  })
})
