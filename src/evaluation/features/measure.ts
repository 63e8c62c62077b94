import { ConfigError } from '../../config/index.ts'
import type { StandardizedDataset } from '../../data/standardized.ts'
import { classBalanceEstimate } from '../../metric/class-balance.ts'
import { type Classed, classCoverageBy, rowsOfClasses } from '../../metric/class-coverage.ts'
import { type Estimate, shareEstimate } from '../../metric/estimate.ts'
import { frechetEstimateTo } from '../../metric/frechet.ts'
import { type PathMetric, pathMetrics } from '../../metric/map-catalogue.ts'
import { allFinite } from '../../metric/points.ts'
import { type Floor, type Measures, summarise } from '../../metric/prepare.ts'
import type { Products } from '../../metric/products.ts'
import { strayMarksBy } from '../../metric/strays.ts'
import { unstandardized } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import { type AskedRows, type ClassRow, drawAsked } from '../asked-rows.ts'
import { type MetricValue, metricValue } from '../metric-value.ts'
import type { Extracted, Features } from './open.ts'

/** Draws of a floor that need the network, and that do not. */
const DRAWS = { network: 3, free: 10 }
const NOTHING: Estimate = { value: Number.NaN, interval: [Number.NaN, Number.NaN] }

/** What is measured through a network. */
export interface FeatureSetting {
  readonly features: Features
  /** As it is measured. */
  readonly dataset: StandardizedDataset
  readonly measures: Measures
  readonly products: Products
  readonly seed: number
  readonly chosen: readonly PathMetric[]
  /** Real points and the classes that samples are asked for with, of a map that is told classes. */
  readonly asked?: AskedRows
}

interface Found {
  readonly values: Readonly<Record<string, MetricValue>>
  readonly classes?: readonly ClassRow[]
}

export interface FeatureMeasure {
  /** Features of a point. */
  readonly size: number
  /** Of samples as they are measured; those of a map that is told classes were asked for as the setting says. */
  measure(samples: Float32Array): Promise<Found>
}

/** Real points through the network. */
interface Real {
  readonly extracted: Extracted
  /** True ones. */
  readonly classes: ArrayLike<number>
}

/** How often the network is right, and what chance makes of it in as many points: they are drawn anew, with replacement. */
function accuracyFloor(real: Real, source: ReturnType<typeof random>): Floor {
  const { classes } = real
  const right = Array.from(classes, (expected, i) => Number(real.extracted.classes![i] === expected))
  const draw = (): number => right.reduce(sum => sum + right[source.integer(right.length)], 0) / right.length
  const { low, high } = summarise(Array.from({ length: DRAWS.free }, draw), right.length)
  const value = right.reduce((sum, each) => sum + each, 0) / right.length
  return {
    value,
    low: Math.min(low, value),
    high: Math.max(high, value),
    draws: DRAWS.free,
    count: right.length,
  }
}

/**
 * Readies the metrics that look through a network, each with its floor: data in the place of samples.
 *
 * @throws ConfigError when features of the data are not finite
 */
export async function openFeatureMeasure(setting: FeatureSetting): Promise<FeatureMeasure> {
  const { features, dataset, measures, products, seed, chosen, asked } = setting
  const { standardization: by } = dataset
  const names = dataset.labels?.names ?? []
  const extract = (points: Float32Array): Promise<Extracted> =>
    features.extract(by ? unstandardized(by, points) : points)
  const ofData = async (points: Float32Array): Promise<Extracted> => {
    const found = await extract(points)
    if (allFinite(found.values)) return found
    throw new ConfigError(
      `features: ${features.path}: expected finite features of every point of the data, found NaN or infinity`,
    )
  }
  const reference = await ofData(measures.reference)
  const { size } = reference
  const frechet = frechetEstimateTo(reference.values, size)
  const balance = ({ classes }: Extracted): Estimate =>
    classBalanceEstimate(reference.classes!, classes!, names.length)
  const draws: Extracted[] = []
  for (let k = 0; k < DRAWS.network; k++) {
    const points = measures.draw(k)
    if (points) draws.push(await ofData(points))
  }
  const real: Real | undefined = asked && {
    extracted: await ofData(asked.points),
    classes: Array.from(asked.values),
  }
  const classed = ({ extracted: { values }, classes }: Real): Classed => ({ values, classes })
  const coverage = (samples: Real) =>
    classCoverageBy(products, classed(real!), classed(samples), size, names.length)
  const coverageDraws: number[] = []
  for (let k = 0; real && chosen.includes('classCoverage') && k < DRAWS.network; k++) {
    const { points, values } = drawAsked('class', dataset, measures.count, seed, `floor ${k}`)
    const draw = { extracted: await ofData(points), classes: Array.from(values) }
    coverageDraws.push((await coverage(draw)).value)
  }

  const { count } = measures
  const floors: Partial<Record<PathMetric, Floor>> = {
    featureFrechet: summarise(
      draws.map(({ values }) => frechet(values).value),
      count,
    ),
    ...(chosen.includes('classBalance') && {
      classBalance: summarise(
        draws.map(draw => balance(draw).value),
        count,
      ),
    }),
    ...(real &&
      features.tellsClasses && {
        classAccuracy: accuracyFloor(real, random(seed, 'metric', 'class accuracy')),
        classCoverage: summarise(coverageDraws, count),
      }),
  }
  const recorded = (name: PathMetric, found: Estimate): MetricValue =>
    metricValue(pathMetrics[name], found, { floor: floors[name] ?? null, count, standardized: false })

  /** Of samples that are all finite. */
  const measured = async (samples: Float32Array, extracted: Extracted): Promise<Found> => {
    const values: Record<string, MetricValue> = {}
    const put = (name: PathMetric, estimate: () => Estimate): void => {
      if (chosen.includes(name)) values[name] = recorded(name, estimate())
    }
    put('featureFrechet', () => frechet(extracted.values))
    put('classBalance', () => balance(extracted))
    const own = real && extracted.classes && { extracted, classes: real.classes }
    if (!own) return { values }
    const isRight = (i: number): boolean => extracted.classes![i] === own.classes[i]
    const rows = rowsOfClasses(own.classes, names.length)
    const hits = rows.map(row => row.filter(isRight).length)
    put('classAccuracy', () =>
      shareEstimate(
        hits.reduce((sum, n) => sum + n, 0),
        count,
      ),
    )
    const covered = chosen.includes('classCoverage') ? await coverage(own) : undefined
    if (covered) put('classCoverage', () => covered)
    const astray = await strayMarksBy(products, dataset, samples)
    const share = (rows: readonly number[], n: number): number => (rows.length > 0 ? n / rows.length : 0)
    const classes = names.map((name, k): ClassRow => {
      const strays = rows[k].reduce((sum, i) => sum + astray[i], 0)
      const found = covered?.byClass[k]
      return {
        name,
        count: rows[k].length,
        agreement: share(rows[k], hits[k]),
        strays: share(rows[k], strays),
        ...(found !== undefined && Number.isFinite(found) && { coverage: found }),
      }
    })
    return { values, classes }
  }

  return {
    size,
    measure: async samples => {
      const extracted = allFinite(samples) ? await extract(samples) : undefined
      if (extracted && allFinite(extracted.values)) return measured(samples, extracted)
      const through = chosen.filter(name => name in floors)
      return { values: Object.fromEntries(through.map(name => [name, recorded(name, NOTHING)])) }
    },
  }
}
