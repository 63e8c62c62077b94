import { configDefaults, defineConfig } from 'vitest/config'
import { withoutBrowser } from './test/helpers/chromium.ts'

const PAGES = 'test/studio/browser/**/*.test.ts'

if (withoutBrowser()) {
  console.warn(
    'No Chromium: the tests of pages are left out. Install it, or set CHROMIUM to its path, to run them.',
  )
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'code', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, PAGES] },
      },
      // A browser waits for the machine's other work: once more, where it was too slow.
      { extends: true, test: { name: 'pages', include: withoutBrowser() ? [] : [PAGES], retry: 1 } },
    ],
  },
})
