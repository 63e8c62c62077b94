import { jensenShannon } from '../divergence.ts'
import { clipped, type Estimate, estimate, standardError } from '../estimate.ts'
import { countRows, eachRow, keyOf, type TokenRows } from './token-rows.ts'

/** Numbers of the n-grams of all rows, `[N, L - n + 1]`, new ones after those that are known. */
function numbered({ tokens, length }: TokenRows, n: number, known: Map<string, number>): Uint32Array {
  const places = length - n + 1
  const ids = new Uint32Array((tokens.length / length) * places)
  let next = 0
  for (const row of eachRow({ tokens, length })) {
    for (let l = 0; l < places; l++) {
      const key = keyOf(row.subarray(l, l + n))
      const id = known.get(key) ?? known.size
      known.set(key, id)
      ids[next++] = id
    }
  }
  return ids
}

function frequencies(ids: Uint32Array, different: number): Float64Array {
  const found = new Float64Array(different)
  for (const id of ids) found[id] += 1 / ids.length
  return found
}

/** What each row adds to a divergence with these slopes in the frequencies. */
function influences(ids: Uint32Array, rows: number, slopes: Float64Array): Float64Array {
  const found = new Float64Array(rows)
  const places = ids.length / rows
  ids.forEach((id, i) => {
    found[Math.floor(i / places)] += slopes[id] / places
  })
  return found
}

/**
 * The Jensen-Shannon divergence of the laws of `n` symbols in a row, at whatever place, of samples and of data, in nats, from 0 to
 * log 2. Of few samples it is above 0 for the data itself.
 *
 * @throws {RangeError} when sequences are shorter than `n`
 */
export function ngramJS(rows: TokenRows, reference: TokenRows, n: number): Estimate {
  if (rows.length < n)
    throw new RangeError(`expected sequences of at least ${n} symbols, found ${rows.length}`)
  const known = new Map<string, number>()
  const both = [rows, reference].map(side => ({ ids: numbered(side, n, known), count: countRows(side) }))
  const [p, q] = both.map(({ ids }) => frequencies(ids, known.size))
  const slope = (a: number, b: number) => (a === 0 ? 0 : Math.log((2 * a) / (a + b)) / 2)
  const slopes = [p.map((a, i) => slope(a, q[i])), q.map((b, i) => slope(b, p[i]))]
  const deviation = standardError(...both.map(({ ids, count }, side) => influences(ids, count, slopes[side])))
  const range = [0, Math.LN2] as const
  return estimate(clipped(jensenShannon(p, q), range), deviation, range)
}
