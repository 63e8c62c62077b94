import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { long } from '../helpers/long.ts'
import { blocks, DOCUMENTS, isPage } from './documents.ts'
import { codeStep, commandSteps, inOneProcess, node } from './steps.ts'

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

  test('each has code and commands to try', () => {
    expect(pages.length).toBeGreaterThan(8)
    for (const page of pages) {
      expect(blocksOf(page, 'ts').length, page).toBeGreaterThan(0)
      expect(blocksOf(page, 'sh').length, page).toBeGreaterThan(0)
    }
  })

  long('their code runs, with shorter trainings, and prints something', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page =>
      blocksOf(page, 'ts').map(({ text }, i) => codeStep(folder, `${basename(page, '.md')}-${i}`, text)),
    )
    const text = inOneProcess(folder, 'code', steps)
    for (const { at } of steps) expect(text).toMatch(new RegExp(`^at ${at}\n(?!at )\\S`, 'm'))
  })

  long('their commands run in their order', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page =>
      blocksOf(page, 'sh').flatMap(({ text }) => commandSteps(`${basename(page, '.md')}-commands`, text)),
    )
    expect(steps.length).toBeGreaterThan(20)
    inOneProcess(folder, 'commands', steps)
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
