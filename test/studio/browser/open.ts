import type { Browser, BrowserContext, Page } from 'playwright-core'
import { encodeState, initialState, type StudioState } from '../../../src/studio/state.ts'

export interface OpenOptions {
  /** The part of the state that differs from the first one, in Train where it names no view; it becomes the address. */
  readonly state?: Partial<StudioState>
  /** The whole address, instead: the page's own opens in Play. */
  readonly url?: string
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  readonly reducedMotion?: boolean
  readonly touch?: boolean
}

/** A page that is open, with what its console said of errors: a test that expects some empties the list. */
export interface Opened {
  readonly page: Page
  readonly context: BrowserContext
  readonly errors: string[]
}

/** Times that a busy machine may need for one thing to appear. */
const PATIENCE = 30_000

export const addressOf = (site: string, state: Partial<StudioState>): string =>
  `${site}#${encodeState({ ...initialState, view: 'train', ...state })}`

/** Opens pages in one browser; each in a context of its own. */
export async function openPage(browser: Browser, site: string, options: OpenOptions = {}): Promise<Opened> {
  const { state, width = 1280, height = 800, theme = 'light', reducedMotion = false } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    hasTouch: options.touch ?? false,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  })
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => message.type() === 'error' && errors.push(message.text()))
  await page.goto(options.url ?? addressOf(site, state ?? {}))
  return { page, context, errors }
}
