import { test } from 'vitest'

/** Whether this is `npm run test:all`, which CI does. */
export const isWhole = process.env.OXBOW_TESTS === 'all'

/** A test that takes long: it runs in `npm run test:all`, and is skipped in `npm test`. */
export const long = test.runIf(isWhole)
