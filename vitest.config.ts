import { configDefaults, defineConfig } from 'vitest/config'
import { withoutChromium, withoutFirefox, withoutWebKit } from './test/helpers/browsers.ts'

const PAGES = 'test/studio/browser/**/*.test.ts'

if (withoutChromium()) {
  console.warn(
    'No Chromium: the tests of pages are left out. Install it, or set CHROMIUM to its path, to run them.',
  )
} else {
  const missing = [withoutFirefox() && 'firefox-esr', withoutWebKit() && 'webkit2gtk-driver'].filter(Boolean)
  if (missing.length > 0)
    console.warn(`No test in all browsers; install these, and xvfb, to run them: ${missing.join(', ')}.`)
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
      { extends: true, test: { name: 'pages', include: withoutChromium() ? [] : [PAGES], retry: 1 } },
    ],
  },
})
