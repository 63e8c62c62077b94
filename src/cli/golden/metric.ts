import { z } from 'zod'
import { classCoverageEstimate } from '../../metric/class-coverage.ts'
import { frechetEstimateTo } from '../../metric/frechet.ts'
import { copyLimit, memorisedEstimate } from '../../metric/memorised.ts'
import { nearestSquares } from '../../metric/nearest.ts'
import type { Checked } from './checked.ts'

const TOLERANCE = 1e-9

const points = z.array(z.array(z.number()))
const schema = z.object({
  options: z.object({ k: z.literal(5), quantile: z.number() }),
  batch: z.object({
    train: points,
    real: points,
    realLabels: z.array(z.int()),
    fake: points,
    fakeLabels: z.array(z.int()),
  }),
  expected: z.object({
    coverage: z.number(),
    classCoverage: z.array(z.number()),
    memorised: z.number(),
    frechet: z.number(),
  }),
})

/** Compares metrics of a few points with the fixture's; held-out points are the real ones. */
export function checkMetric(json: unknown): Checked {
  const { options, batch, expected } = schema.parse(json)
  const dimension = batch.real[0].length
  const [train, real, fake] = [batch.train, batch.real, batch.fake].map(rows =>
    Float64Array.from(rows.flat()),
  )
  const classes = expected.classCoverage.length
  const coverage = (ofReal: ArrayLike<number>, ofFake: ArrayLike<number>, count: number) =>
    classCoverageEstimate(
      { values: real, classes: ofReal },
      { values: fake, classes: ofFake },
      dimension,
      count,
    )
  const limit = copyLimit(nearestSquares(real, train, dimension), options.quantile)
  const none = new Uint8Array(batch.real.length)
  const found = [
    coverage(none, none, 1).value,
    ...coverage(batch.realLabels, batch.fakeLabels, classes).byClass,
    memorisedEstimate(nearestSquares(fake, train, dimension), limit).value,
    frechetEstimateTo(real, dimension)(fake).value,
  ]
  const wanted = [expected.coverage, ...expected.classCoverage, expected.memorised, expected.frechet]
  const error = Math.max(...found.map((value, i) => Math.abs(value - wanted[i])))
  return {
    passed: error <= TOLERANCE,
    line: `${found.length} numbers, largest error ${error.toExponential(1)}`,
  }
}
