/**
 * Where more steps give a larger distance than fewer, by more than the metric varies by chance: the range that data
 * itself has against the same reference.
 *
 * @param values  by number of steps; `null` where nothing was measured
 * @returns pairs of fewer and more steps, for each number the best one before it
 */
export function worseWithSteps(
  steps: readonly number[],
  values: readonly (number | null)[],
  floor: { readonly low: number; readonly high: number } | undefined,
): [number, number][] {
  if (!floor) return []
  const chance = floor.high - floor.low
  const worse: [number, number][] = []
  let best: number | null = null
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return
    if (best !== null && value - values[best]! > chance) worse.push([steps[best], steps[i]])
    if (best === null || value < values[best]!) best = i
  })
  return worse
}
