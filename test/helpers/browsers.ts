import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const firstOf = (variable: string, places: readonly string[]): string | undefined =>
  [process.env[variable], ...places].find(place => place && existsSync(place))

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

/** Whether the tests in a browser that is missing are left out: never where a change is judged. */
const mayLeaveOut = process.env.CI === undefined

/** Whether tests in Chromium are left out. */
export const withoutChromium = (): boolean => chromiumPath() === undefined && mayLeaveOut
/** Whether tests in Firefox are left out: it is opened on a display of its own. */
export const withoutFirefox = (): boolean => !(firefoxPath() && xvfbPath()) && mayLeaveOut
/** Whether tests in WebKit are left out. */
export const withoutWebKit = (): boolean =>
  !(miniBrowserPath() && webKitDriverPath() && xvfbPath()) && mayLeaveOut

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
export function launchChromium({ flags = [], graphicsCard = false }: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath) throw new Error('no Chromium; install it, or set CHROMIUM to its path')
  const drawing = graphicsCard ? ['--ignore-gpu-blocklist'] : SOFTWARE
  return chromium.launch({ executablePath, args: [...QUIET, ...drawing, ...flags] })
}
