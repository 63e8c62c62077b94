import type { Target } from './target.ts'

/** How many of so many inputs each target gets: cheap readers have more. */
export async function sharesOf(names: readonly string[], inputs: number): Promise<Map<string, number>> {
  const shares = await Promise.all(
    names.map(async name => ((await import(`./targets/${name}.ts`)) as { target: Target }).target.share),
  )
  const whole = shares.reduce((sum, share) => sum + share, 0)
  const counts = shares.map(share => Math.max(1, Math.floor((inputs * share) / whole)))
  // The first has what is left over.
  counts[0] += Math.max(0, inputs - counts.reduce((sum, count) => sum + count, 0))
  return new Map(names.map((name, i) => [name, counts[i]]))
}
