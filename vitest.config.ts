import { configDefaults, defineConfig } from 'vitest/config'
import { skippedBrowsers, withoutChromium } from './test/helpers/browsers.ts'

const PAGES = 'test/studio/browser/**/*.test.ts'

/** What `npm run test:unit` runs: seconds of tests without processes, servers and long trainings. */
const UNIT = [
  'test/{autodiff,model,objective,config,metric,sampler,runtime,extension}/**/*.test.ts',
  'test/data/{split,columns,csv,finite}.test.ts',
  'test/layers.test.ts',
]
const NOT_UNIT = [
  'test/objective/{mutation,exact}.test.ts',
  'test/config/validate.test.ts',
  'test/metric/prepare.test.ts',
  'test/sampler/renoise.test.ts',
]
const unit = process.env.OXBOW_TESTS === 'unit'

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
        test: {
          name: 'code',
          include: unit ? UNIT : ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, PAGES, ...(unit ? NOT_UNIT : [])],
        },
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
