import { existsSync } from 'node:fs'

/** Where a browser for the tests may be; CHROMIUM names one in another place. */
export const CHROMIUM_PLACES: readonly string[] = [
  ...(process.env.CHROMIUM ? [process.env.CHROMIUM] : []),
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

export const chromiumPath = (): string | undefined => CHROMIUM_PLACES.find(path => existsSync(path))

/** Whether tests in a browser are left out: where there is none, but never where a change is judged. */
export const withoutBrowser = (): boolean => chromiumPath() === undefined && process.env.CI === undefined
