import { z } from 'zod'
import { classCoverageEstimate } from '../../metric/class-coverage.ts'
import { frechetEstimateTo } from '../../metric/frechet.ts'
import { copyLimit, memorisedEstimate } from '../../metric/memorised.ts'
import { nearestSquares } from '../../metric/nearest.ts'
import type { Agreement } from '../../objective/golden-agreement.ts'

const TOLERANCE = 1e-9

const points = z.array(z.array(z.number()))
const schema = z.object({
  options: z.object({ k: z.int().positive(), quantile: z.number() }),
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
export function checkMetric(json: unknown): Agreement {
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
      options.k,
    )
  const limit = copyLimit(nearestSquares(real, train, dimension), options.quantile)
  const none = new Uint8Array(batch.real.length)
  const found = {
    coverage: coverage(none, none, 1).value,
    classCoverage: coverage(batch.realLabels, batch.fakeLabels, classes).byClass,
    memorised: memorisedEstimate(nearestSquares(fake, train, dimension), limit).value,
    frechet: frechetEstimateTo(real, dimension)(fake).value,
  }
  const errors = Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      const wanted = expected[name as keyof typeof found]
      const [values, others] = [[value].flat(), [wanted].flat()]
      return [name, Math.max(...values.map((each, i) => Math.abs(each - others[i])))]
    }),
  )
  return { passed: Object.values(errors).every(error => error <= TOLERANCE), errors }
}
