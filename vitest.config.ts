import { configDefaults, defineConfig } from 'vitest/config'
import { skippedBrowsers, withoutChromium } from './test/helpers/browsers.ts'

const PAGES = 'test/studio/browser/**/*.test.ts'

// Once, though each project reads this file again.
if (!process.env.OXBOW_TESTS_SKIPPED) for (const line of skippedBrowsers()) console.warn(line)
process.env.OXBOW_TESTS_SKIPPED = 'told'

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
      {
        extends: true,
        test: {
          name: 'pages',
          include: [PAGES],
          // A browser waits for the machine's other work: once more, where it was too slow.
          retry: 1,
          // Without a browser no name fits, so that every test is skipped, and counted.
          ...(withoutChromium() && { testNamePattern: /(?!)/ }),
        },
      },
    ],
  },
})
