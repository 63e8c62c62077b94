/** `OXBOW_THREADS`, where it is set. */
export function askedThreads(): number | undefined {
  const given = Number(process.env.OXBOW_THREADS)
  return Number.isInteger(given) && given > 0 ? given : undefined
}

/** `OXBOW_THREADS` where it is set, otherwise two: more did not pay for networks of this size. */
export const defaultThreads = (): number => askedThreads() ?? 2
