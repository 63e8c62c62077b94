import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'

/** The first of these places that is there; a variable that is set is the only one. */
function firstOf(variable: string, places: readonly string[]): string | undefined {
  const given = process.env[variable]
  return (given ? [given] : places).find(place => existsSync(place))
}

/** Where the browsers for the tests are; CHROMIUM, FIREFOX and MINIBROWSER name them in other places. */
const chromiumPath = (): string | undefined =>
  firstOf('CHROMIUM', ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'])
export const firefoxPath = (): string | undefined =>
  firstOf('FIREFOX', ['/usr/bin/firefox-esr', '/usr/bin/firefox'])
export const miniBrowserPath = (): string | undefined =>
  firstOf(
    'MINIBROWSER',
    ['6.0', '4.1', '4.0'].flatMap(version =>
      ['x86_64', 'aarch64'].map(machine => `/usr/lib/${machine}-linux-gnu/webkit2gtk-${version}/MiniBrowser`),
    ),
  )
export const xvfbPath = (): string | undefined => firstOf('XVFB', ['/usr/bin/Xvfb'])
export const webKitDriverPath = (): string | undefined =>
  firstOf('WEBKITDRIVER', ['/usr/bin/WebKitWebDriver'])

/** Whether the tests in a browser that is missing are skipped: never where a change is judged. */
const maySkip = (): boolean => process.env.CI === undefined

const namesOf = (found: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(found).filter(name => found[name] === undefined)

/** What the tests in Firefox want and is not installed: it is opened on a display of its own. */
const firefoxLacks = (): string[] => namesOf({ Firefox: firefoxPath(), Xvfb: xvfbPath() })
const webKitLacks = (): string[] =>
  namesOf({ WebKit: miniBrowserPath(), WebKitWebDriver: webKitDriverPath(), Xvfb: xvfbPath() })

/** Whether tests in Chromium are skipped. */
export const withoutChromium = (): boolean => chromiumPath() === undefined && maySkip()
/** Whether tests in Firefox are skipped. */
export const withoutFirefox = (): boolean => firefoxLacks().length > 0 && maySkip()
/** Whether tests in WebKit are skipped. */
export const withoutWebKit = (): boolean => webKitLacks().length > 0 && maySkip()

/** What is skipped, and why, in a line each. */
export function skippedBrowsers(): string[] {
  if (!maySkip()) return []
  const why = (missing: readonly string[]): string =>
    `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed`
  if (withoutChromium()) return [`skipped: all tests of pages, because ${why(['Chromium'])}`]
  return [
    ...(withoutFirefox() ? [`skipped: the tests in Firefox, because ${why(firefoxLacks())}`] : []),
    ...(withoutWebKit() ? [`skipped: the tests in WebKit, because ${why(webKitLacks())}`] : []),
  ]
}

/** No word to the network, and no sandbox, which the superuser's Chromium lacks. */
const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** WebGL on the processor. */
const SOFTWARE = ['--disable-gpu', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']

export interface ChromiumOptions {
  readonly flags?: readonly string[]
  /** Draws with the graphics card. */
  readonly graphicsCard?: boolean
}

/** @throws Error when there is no Chromium */
export async function launchChromium({
  flags = [],
  graphicsCard = false,
}: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('no Chromium; install it, or set CHROMIUM to its path')
  // Only here: the settings of the tests read this file too, and loading it takes a second.
  const { chromium } = await import('playwright-core')
  const drawing = graphicsCard ? ['--ignore-gpu-blocklist'] : SOFTWARE
  return chromium.launch({ executablePath, args: [...QUIET, ...drawing, ...flags] })
}

let shared: Promise<Browser> | undefined

/**
 * One Chromium for all files that a process of the tests runs: each page has a context of its own. It ends with the
 * process.
 *
 * @throws Error when there is no Chromium
 */
export async function sharedChromium(): Promise<Browser> {
  if (!(await shared)?.isConnected()) shared = launchChromium()
  return shared!
}
