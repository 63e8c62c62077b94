import { totalmem } from 'node:os'

/** Bytes of memory that this process may have: the machine's, or the container's where that is less. */
export function memoryLimit(): number {
  const allowed = process.constrainedMemory?.() ?? 0
  // Without a limit, a number larger than any machine's.
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}

/** For people. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`
