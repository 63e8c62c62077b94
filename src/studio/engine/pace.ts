/** Something costly that is done now and then, so that it takes a small part of the time. */
export interface Paced {
  /** Whether it is time for it. */
  due(): boolean
  /** Does it, and puts off the next time. */
  take<T>(work: () => T | Promise<T>): Promise<T>
}

/**
 * @param share  of the time that it may take, above 0 to 1
 * @param least  milliseconds between two times
 * @param clock  milliseconds
 */
export function paced(share: number, least: number, clock: () => number): Paced {
  let next = -Infinity
  let before = Infinity
  return {
    due: () => clock() >= next,
    take: async work => {
      const start = clock()
      const result = await work()
      const end = clock()
      // A moment in which something else had the processor says nothing of what the work costs.
      next = end + Math.max(least, Math.min(end - start, before) / share)
      before = end - start
      return result
    },
  }
}
