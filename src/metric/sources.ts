import type { Dataset, Values } from '../data/dataset.ts'
import { type Random, random } from '../random/random.ts'
import { sidesApart } from './overlap.ts'
import { someRows } from './points.ts'

/** Where the reference and the floors come from. */
export interface Sources {
  readonly count: number
  readonly notes: readonly string[]
  readonly drawReference: () => Float32Array
  /** Draw `k` of the floors; absent where there are too few rows for a reference and other rows beside
   * it, or the two sides do not overlap. */
  readonly drawFloor?: (draw: number) => Float32Array
}

type Draw = (source: Random, out: Values) => void

/** Without held-out rows a third of the rows is the reference, so that draws of a floor from the others differ. */
const PARTS = 3

/** Of finite data held-out rows and training rows, or training rows alone; otherwise fresh draws. */
export function sourcesOf(dataset: Dataset, asked: number, seed: number): Sources {
  const { split, dimension, sample } = dataset
  if (split && split.heldOut < 2) return sourcesOfTraining(dataset, asked, seed)
  const count = split ? Math.min(asked, split.heldOut) : asked
  const fill = (draw: Draw, ...address: (string | number)[]): Float32Array => {
    const values = new Float32Array(count * dimension)
    draw(random(seed, 'metric', ...address), values)
    return values
  }
  const training: Draw =
    split && split.training >= count ? (source, out) => split.take('training', source, out) : sample
  const reference: Draw = split ? (source, out) => split.take('heldOut', source, out) : sample
  const apart = split && sidesApart(split, dimension, seed)
  return {
    count,
    notes: [
      ...(count < asked
        ? [`measured at ${count.toLocaleString('en')} points, all rows that are held out`]
        : []),
      ...(apart
        ? [
            'no floors: held-out rows and training rows hardly overlap ' +
              `(their distance is ${apart.between.toPrecision(2)}, that of training rows among themselves ${apart.within.toPrecision(2)}), ` +
              'so nothing can be called as good as the data',
          ]
        : []),
    ],
    drawReference: () => fill(reference, 'reference'),
    ...(!apart && { drawFloor: (draw: number) => fill(training, 'floor', draw) }),
  }
}

/** Where no rows are held out: different rows for the reference, and others for the floors. */
function sourcesOfTraining({ split, dimension }: Dataset, asked: number, seed: number): Sources {
  const { training, take } = split!
  const third = Math.floor(training / PARTS)
  const hasFloor = third >= 2
  const count = Math.min(asked, hasFloor ? third : training)
  let drawn: Float32Array | undefined
  const rows = (): Float32Array => {
    if (!drawn) {
      drawn = new Float32Array((hasFloor ? PARTS : 1) * count * dimension)
      take('training', random(seed, 'metric', 'reference'), drawn)
    }
    return drawn
  }
  const others = (): Float32Array => rows().subarray(count * dimension)
  const at = count < asked ? `measured at ${count.toLocaleString('en')} points: ` : ''
  const kept = `${hasFloor ? 'rows' : 'all rows'} that were trained on, since none are held out`
  return {
    count,
    notes: [
      `${at}samples are compared with ${kept}`,
      ...(hasFloor ? [] : [`no floors: ${training} rows are too few for others beside the reference`]),
    ],
    drawReference: () => rows().slice(0, count * dimension),
    ...(hasFloor && {
      drawFloor: (draw: number) =>
        someRows(others(), dimension, count, random(seed, 'metric', 'floor', draw)),
    }),
  }
}
