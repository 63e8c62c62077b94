import { configDefaults, defineConfig } from 'vitest/config'
import { withoutBrowser } from './test/helpers/chromium.ts'

if (withoutBrowser()) {
  console.warn(
    'No Chromium: the tests of pages are left out. Install it, or set CHROMIUM to its path, to run them.',
  )
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(withoutBrowser() ? ['test/studio/browser/**'] : [])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
