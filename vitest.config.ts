import { configDefaults, defineConfig } from 'vitest/config'
import { skippedBrowsers, withoutChromium } from './test/helpers/browsers.ts'
import { died } from './test/helpers/died.ts'

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

/** Files whose mocks replace modules for good, so that each has a process of its own. */
const ALONE = ['test/studio/{pace,saved}.test.ts', 'test/studio/page/store.test.ts']

// Once, though each project reads this file again.
if (!process.env.OXBOW_TESTS_SKIPPED) for (const line of skippedBrowsers()) console.warn(line)
process.env.OXBOW_TESTS_SKIPPED = 'told'

export default defineConfig({
  test: {
    reporters: ['default', died],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Two files at a time fill two cores; the long run has the threads that a user has.
    env: process.env.OXBOW_TESTS === 'all' ? {} : { OXBOW_THREADS: '1' },
    // What one file has loaded and warmed up, the next one uses.
    isolate: false,
    // The markup of the page is tested in browsers, and what processes of their own do is not counted.
    coverage: { include: ['src/**/*.ts'], reporter: ['json-summary'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: unit ? UNIT : ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, PAGES, ...ALONE, ...(unit ? NOT_UNIT : [])],
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, isolate: true },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          include: [PAGES],
          // A browser waits for the machine's other work: once more, where it was too slow.
          retry: 1,
          expect: { poll: { timeout: 20_000 } },
          // Without a browser no name fits, so that every test is skipped, and counted.
          ...(withoutChromium() && { testNamePattern: /(?!)/ }),
        },
      },
    ],
  },
})
