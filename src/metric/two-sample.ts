import { normalBelow } from './divergence.ts'
import { type Estimate, estimate, shareError } from './estimate.ts'
import { smallest } from './neighbours.ts'
import { mirrored, type PairMatrix, type Pairs } from './pairs.ts'

/**
 * Classifier two-sample test: how often a nearest-neighbour classifier that has seen half of the data and half of the
 * samples (the points with even numbers) tells the other halves apart. From 0 to 1; 1/2 is a guess, and what a perfect model
 * gives. It votes among the `floor(sqrt(n))` nearest of the `n` points seen, one more where that is even. The probability of
 * as much or more by a guess comes from the normal distribution with variance `1/(4 m)` for `m` points to tell.
 *
 * Lopez-Paz and Oquab, Revisiting classifier two-sample tests, arXiv:1610.06545, section 3.
 */
export function twoSampleEstimate(
  pairs: Pick<Pairs, 'between' | 'withinSamples' | 'withinReference'>,
): Estimate {
  const { between, withinSamples, withinReference } = pairs
  const seen = Math.ceil(between.rows / 2) + Math.ceil(between.columns / 2)
  const votes = oddNeighbours(seen)
  const ofData = vote(mirrored(withinReference), between, votes)
  const ofSamples = vote(transposed(between), mirrored(withinSamples), votes)
  const told = ofData.length + ofSamples.length
  const right = ofData.filter(share => share > 0.5).length + ofSamples.filter(share => share < 0.5).length
  const accuracy = right / told
  const pValue = 1 - normalBelow((accuracy - 0.5) * 2 * Math.sqrt(told))
  return { ...estimate(accuracy, shareError(accuracy, told), [0, 1]), pValue }
}

function oddNeighbours(seen: number): number {
  const root = Math.floor(Math.sqrt(seen))
  return root % 2 === 1 ? root : root + 1
}

/** For each point of the rows with an odd number, the share of data among the nearest points that have been seen. */
function vote(toData: PairMatrix, toSamples: PairMatrix, votes: number): number[] {
  const [data, samples] = [toData, toSamples].map(({ columns }) => Math.ceil(columns / 2))
  const row = new Float64Array(data + samples)
  const shares: number[] = []
  for (let i = 1; i < toData.rows; i += 2) {
    for (let j = 0; j < data; j++) row[j] = toData.squares[i * toData.columns + 2 * j]
    for (let j = 0; j < samples; j++) row[data + j] = toSamples.squares[i * toSamples.columns + 2 * j]
    const { places } = smallest(row, 0, row.length, -1, votes)
    shares.push(places.reduce((sum, place) => sum + Number(place < data), 0) / places.length)
  }
  return shares
}

function transposed({ rows, columns, squares }: PairMatrix): PairMatrix {
  const turned = new Float64Array(squares.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = squares[i * columns + j]
  }
  return { rows: columns, columns: rows, squares: turned }
}
