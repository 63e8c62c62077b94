/** A vertical axis: its kind, its ends and the values that get a tick. */
export interface Axis {
  readonly type: 'log' | 'linear'
  readonly domain: [number, number]
  readonly ticks: number[]
}

const densities = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
]

/** Values closer than this part of their size are drawn as one level: tick labels hold six digits. */
const LEVEL = 1e-4

/** Whether values between `low` and `high` cannot be told apart on an axis. */
export const isLevel = (low: number, high: number): boolean =>
  high - low <= LEVEL * Math.max(Math.abs(low), Math.abs(high))

/**
 * Round values in `[low, high]` for a logarithmic axis: the sparsest of a few series that gives at least four. Over a
 * narrow range, where none gives two, they are those of a linear axis.
 */
export function logTicks(low: number, high: number): number[] {
  // Half of the smallest number is 0, which has no logarithm to count from.
  const least = Math.floor(Math.log10(Math.max(low, Number.MIN_VALUE)))
  let ticks: number[] = []
  for (const density of densities) {
    ticks = []
    for (let power = least; power <= Math.ceil(Math.log10(high)); power++) {
      for (const digit of density) {
        const tick = Number((digit * 10 ** power).toPrecision(3))
        if (tick >= low && tick <= high) ticks.push(tick)
      }
    }
    if (ticks.length >= 4) break
  }
  if (ticks.length < 2) return linearTicks(low, high)
  const stride = Math.ceil(ticks.length / 8)
  return ticks.filter((_, i) => i % stride === 0)
}

/** Round values in `[low, high]` for a linear axis, about five. */
export function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find(factor => factor * power * 1.45 >= rough) ?? 10)
  // Between the smallest numbers that there are nothing is round.
  if (!(step > 0)) return [low, high]
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  ).filter(tick => tick >= low && tick <= high)
}

/** Ticks of an axis of a kind from `low` to `high`. */
export const ticksOf = (type: Axis['type'], low: number, high: number): number[] =>
  type === 'log' ? logTicks(low, high) : linearTicks(low, high)

/** An axis that holds `values`: logarithmic where all are positive, linear otherwise. */
export function valueAxis(values: readonly number[]): Axis {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return { type: 'linear', domain: [0, 1], ticks: [0, 1] }
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  if (low > 0) {
    // By powers of each: their ratio may be too large for a number.
    const margin = isLevel(low, high) ? 1.5 : high ** 0.06 / low ** 0.06
    const domain: [number, number] = [Math.max(low / margin, Number.MIN_VALUE), high * margin]
    return { type: 'log', domain, ticks: logTicks(...domain) }
  }
  const margin = isLevel(low, high) ? Math.max(1, Math.abs(low) / 2) : (high - low) * 0.06
  const domain: [number, number] = [low - margin, high + margin]
  return { type: 'linear', domain, ticks: linearTicks(...domain) }
}

/**
 * Moves positions apart until neighbours are at least `gap` from each other, all within `[low, high]`, staying as
 * near as can be to where they wanted to be. Where they cannot all fit, they are spread evenly.
 */
export function spreadApart(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const n = wanted.length
  if (n === 0) return []
  const room = Math.min(gap, n > 1 ? (high - low) / (n - 1) : gap)
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b)
  // Subtracting the gaps turns "at least `gap` apart" into "ascending": pool neighbours that are out of order.
  const pools: { sum: number; size: number }[] = []
  order.forEach((index, place) => {
    pools.push({ sum: wanted[index] - place * room, size: 1 })
    while (pools.length > 1) {
      const [previous, last] = [pools.at(-2)!, pools.at(-1)!]
      if (previous.sum / previous.size <= last.sum / last.size) break
      pools.splice(-2, 2, { sum: previous.sum + last.sum, size: previous.size + last.size })
    }
  })
  const flat = pools.flatMap(pool => Array<number>(pool.size).fill(pool.sum / pool.size))
  const placed = Array<number>(n)
  order.forEach((index, place) => {
    const clamped = Math.min(Math.max(flat[place], low), high - (n - 1) * room)
    placed[index] = clamped + place * room
  })
  return placed
}
