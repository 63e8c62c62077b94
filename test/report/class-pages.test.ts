import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, expect } from 'vitest'
import { evaluateRun, writeEvaluation } from '../../src/evaluation/evaluate.ts'
import { cardText } from '../../src/report/card.ts'
import { gatherRun } from '../../src/report/run-report.ts'
import { writeRunReport } from '../../src/report/write-report.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('class-pages')
const run = join(folder, 'run')

beforeAll(async () => {
  const glyphs = {
    ...tiny,
    objective: 'psd',
    data: 'glyphs',
    steps: 3,
    condition: { kind: 'class' as const },
  }
  await train(glyphs, { directory: run })
  const request = { steps: [1, 2], count: 20, seed: 3, method: 'auto', weights: ['ema'] } as const
  writeEvaluation(run, await evaluateRun(run, { ...request, metrics: ['slicedWasserstein'] }))
}, 60_000)

const sheetOf = async (address: string) => {
  const bytes = Buffer.from(address.replace('data:image/png;base64,', ''), 'base64')
  return sharp(bytes).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
}

long(
  'a run that is told classes shows its pictures by class, in the page, the plot and the card',
  async () => {
    expect(cardText(run)).not.toContain('![')
    expect(cardText(run)).toContain(' --class all --steps 1 --seed 7 --out sheet.png\n')
    // As the file is: see the inputs of `model.onnx` in docs/export.md.
    expect(cardText(run)).toContain('standard_normal((batch, 16, 16, 1))')
    expect(cardText(run)).toContain('`x [batch, 16, 16, 1]`')
    expect(cardText(run)).toContain('glyphs, pictures of 16 x 16 x 1, 256 dimensions')
    expect(cardText(run)).toContain('- class-conditional\n')
    await writeRunReport(run)
    expect(existsSync(join(run, 'plots/samples.png'))).toBe(true)
    expect(cardText(run)).toContain('![Samples by number of steps, from the same noise](plots/samples.png)')
    const legend =
      'Rows of a sheet are the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9. A column begins from the same noise'
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain(legend)
    expect(readFileSync(join(run, 'plots/samples.svg'), 'utf8')).toContain('Rows of a sheet are the classes')

    const data = await gatherRun(run)
    expect(data.sheetClasses).toEqual([...'0123456789'])
    const sheets = [data.referencePicture!, ...data.methods[0].samples.map(({ picture }) => picture!)]
    expect(sheets).toHaveLength(3)
    for (const sheet of sheets) {
      const { info } = await sheetOf(sheet)
      expect([info.width, info.height, info.channels]).toEqual([640, 640, 1])
    }
    // Hardly trained, the map of one jump is the noise: it is the same down a column.
    const { data: pixels } = await sheetOf(sheets[1])
    const at = (row: number, column: number): number[] =>
      Array.from(
        { length: 256 },
        (_, i) => pixels[((row * 16 + (i >> 4)) * 640 + column * 16 + (i % 16)) * 4],
      )
    const apart = (a: number[], b: number[]): number =>
      a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0)
    expect(apart(at(0, 0), at(7, 0))).toBeLessThan(0.5 * apart(at(0, 0), at(0, 1)))
  },
)

long(
  'what it shows is guided where what was measured is',
  async () => {
    const plain = (await gatherRun(run)).methods[0].samples
    const guidance = { scale: 3, onJumps: true }
    const request = { steps: [1, 2], count: 20, seed: 3, method: 'auto', weights: ['ema'], guidance } as const
    writeEvaluation(run, await evaluateRun(run, { ...request, metrics: ['slicedWasserstein'] }))
    const guided = (await gatherRun(run)).methods[0].samples
    expect(guided.map(({ steps }) => steps)).toEqual(plain.map(({ steps }) => steps))
    for (const [i, { points }] of guided.entries()) expect(points).not.toEqual(plain[i].points)
  },
  60_000,
)
