import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documentOf, runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('features-command')
const at = (name: string) => join(folder, name)

describe('oxbow features', () => {
  test('trains a network on the labels of data, which an evaluation looks through', async () => {
    const out = at('moons.onnx')
    const made = await runHere(['features', 'two-moons', '--steps', '120', '--out', out])
    expect(made.code).toBe(0)
    expect(made.stderr).toMatch(/^step 120\/120 {2}loss 0\.\d+$/m)
    const [, accuracy] = /: tells the class of ([\d.]+) % of 10,000 fresh rows; measure a run/.exec(
      made.stdout,
    )!
    expect(Number(accuracy)).toBeGreaterThan(90)

    writeFileSync(at('points.csv'), Array.from({ length: 50 }, (_, i) => `${i / 25 - 1},1.5`).join('\n'))
    const flags = [
      '--data',
      'two-moons',
      '--features',
      out,
      '--metrics',
      'featureFrechet,classBalance',
      '--count',
      '50',
    ]
    const measured = documentOf(await runHere(['evaluate', at('points.csv'), ...flags, '--json'])) as {
      rows: { metrics: Record<string, { value: number }> }[]
    }
    // All of them are of the upper moon.
    expect(measured.rows[0].metrics.classBalance.value).toBeGreaterThan(0.3)
  })

  test('takes keys of the data', async () => {
    const keys = ['--data.images.size', '4', '--data.images.color', 'grey']
    const { code, stderr } = await runHere(['features', folder, ...keys, '--out', at('none.onnx')])
    expect([code, stderr]).toEqual([2, `oxbow: ${folder}: holds no picture (.png, .jpg, .jpeg or .webp)\n`])
    const wrong = await runHere(['features', folder, '--data.images.sise', '4', '--out', at('none.onnx')])
    expect(wrong.stderr).toBe('oxbow: images: unknown key "sise"; did you mean size?\n')
  })

  test('says of data without classes that it has none', async () => {
    const { code, stderr } = await runHere(['features', 'swiss-roll', '--out', at('none.onnx')])
    expect(code).toBe(2)
    expect(stderr).toBe(
      'oxbow: swiss-roll: has no classes; features are learnt by telling classes apart (see labels in docs/data.md)\n',
    )
    expect(existsSync(at('none.onnx'))).toBe(false)
  })

  test('refuses a name that is none of a network before it trains', async () => {
    const { code, stdout, stderr } = await runHere(['features', 'two-moons', '--out', at('odd.txt')])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe(`oxbow: --out ${at('odd.txt')}: expected a name ending in .onnx\n`)
  })

  test('needs a file to write', async () => {
    const { code, stderr } = await runHere(['features', 'two-moons'])
    expect(code).toBe(2)
    expect(stderr).toContain('--out <file>')
  })
})
