import { test } from 'vitest'

/** Whether this is `npm run test:all`, which CI does. */
export const isWhole = process.env.OXBOW_TESTS === 'all'

/** A test that takes long: it runs in `npm run test:all`, and is skipped in `npm test`. */
export const long = test.runIf(isWhole)

/** All cases in `npm run test:all`, and a few of them in `npm test`: those given, or every third. */
export const some = <T>(
  all: readonly T[],
  few: readonly NoInfer<T>[] = all.filter((_, i) => i % 3 === 0),
): readonly T[] => (isWhole ? all : few)

/** Whether this is `npm run test:faults`, which stops commands at every moment. */
export const isFaults = process.env.OXBOW_TESTS === 'faults'
