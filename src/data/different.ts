import type { Random } from '../random/random.ts'

/** Draws `count` different numbers below `bound`, one after another: Fisher and Yates, only what was moved being kept. */
export function different(count: number, bound: number, random: Random): () => number {
  if (count > bound) throw new RangeError(`expected at most ${bound} rows, asked for ${count}`)
  const moved = new Map<number, number>()
  let left = bound
  return () => {
    const place = random.integer(left--)
    const found = moved.get(place) ?? place
    moved.set(place, moved.get(left) ?? left)
    moved.delete(left)
    return found
  }
}
