import { test } from 'vitest'

/** A test that takes long: it runs in `npm run test:all`, which CI does, and is skipped in `npm test`. */
export const long = test.runIf(process.env.OXBOW_TESTS === 'all')
