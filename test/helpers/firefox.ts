import { type Browser, firefox } from 'playwright-core'
import { firefoxPath } from './browsers.ts'

/** What of Playwright's inside is used here. */
interface Inside {
  readonly _connection: { toImpl(browser: Browser): { readonly _browserSession: Session } }
}
interface Session {
  send(command: string, parameters: object): Promise<unknown>
}

/** Sent to every page, though the Firefox of Debian does not know it yet. */
const UNKNOWN = 'emulation.setMediaFeaturesOverride'

/** Leaves out the one command. What it sets, Firefox has from its preferences. */
function leaveOut(browser: Browser): void {
  const { _browserSession: session } = (browser as unknown as Inside)._connection.toImpl(browser)
  const kind = Object.getPrototypeOf(session) as Session
  const { send } = kind
  kind.send = function (this: Session, command, parameters) {
    return command === UNKNOWN ? Promise.resolve({}) : send.call(this, command, parameters)
  }
}

/**
 * Debian's Firefox, by WebDriver BiDi: `moz-firefox` is Playwright's name for one that it has not patched.
 *
 * @param display  what DISPLAY is set to; without one there is no WebGL
 * @throws Error when there is no Firefox
 */
export async function launchFirefox(
  display: string,
  preferences: Readonly<Record<string, string | number | boolean>> = {},
): Promise<Browser> {
  const executablePath = firefoxPath()
  if (!executablePath) throw new Error('no Firefox; install it, or set FIREFOX to its path')
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath,
    headless: false,
    env: { ...process.env, DISPLAY: display },
    firefoxUserPrefs: { 'webgl.force-enabled': true, ...preferences },
  })
  leaveOut(browser)
  return browser
}
