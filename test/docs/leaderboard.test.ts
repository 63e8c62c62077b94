import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'

describe('the leaderboard', () => {
  /** The page of boards, in a process of its own: it is not of the compiled sources' types. */
  const page = (boards: object[]): string => {
    const folder = mkdtempSync(join(tmpdir(), 'oxbow-boards-'))
    writeFileSync(join(folder, 'boards.json'), JSON.stringify(boards))
    const code = `import { pageOf } from ${JSON.stringify(pathToFileURL(resolve('bench/leaderboard/report.mjs')).href)}
      import { readFileSync } from 'node:fs'
      console.log(pageOf(JSON.parse(readFileSync(${JSON.stringify(join(folder, 'boards.json'))}, 'utf8'))))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect(stderr).toBe('')
    return stdout
  }
  const board = (strays: boolean) => ({
    data: 'ring',
    seeds: 1,
    floors: { slicedWasserstein: 0.07, ...(strays && { strays: 0.0003 }) },
    failures: [],
    methods: Object.fromEntries(
      [0.057, 0.3].map((mean, i) => [
        ['cmt', 'lsd'][i],
        {
          objective: ['cmt', 'lsd'][i],
          metrics: {
            slicedWasserstein: { 1: { mean: 0.4 - i / 10 } },
            ...(strays && { strays: { 1: { mean } } }),
          },
        },
      ]),
    ),
  })

  test('shows strays first, in percent, and ranks by them', () => {
    const text = page([board(true)])
    expect(text.indexOf('### Strays')).toBeGreaterThan(0)
    expect(text.indexOf('### Strays')).toBeLessThan(text.indexOf('### Sliced Wasserstein'))
    expect(text).toMatch(/\| cmt \| - \| \*\*5\.70\*\* \|[\s\S]*\| lsd \| - \| 30\.00 \|/)
    expect(text).toContain('| *noise floor* |  | 0.03 |')
    expect(text).toContain('By the share of strays')
  })

  test('still shows numbers of an earlier version, which have none', () => {
    const text = page([board(false)])
    expect(text).not.toContain('trays:')
    expect(text).toContain('By sliced Wasserstein distance')
    expect(text).toMatch(/\| lsd \| - \| \*\*0\.300\*\* \|/)
  })
})
