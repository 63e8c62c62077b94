import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { ViewName } from '../../../src/studio/state.ts'
import { type ChromiumOptions, launchChromium, sharedChromium } from '../../helpers/browsers.ts'
import { type Site, serveSite } from '../../helpers/site.ts'
import { type Opened, type OpenOptions, openPage } from './open.ts'
import { linksTo } from './shown.ts'

export const hasFocus = async (locator: Locator): Promise<boolean> =>
  (await locator.and(locator.page().locator(':focus')).count()) === 1

/** A number of the training's standing. */
export async function standing(page: Page, name: string): Promise<number> {
  const text = await page.locator('.standing > div', { hasText: name }).locator('dd').textContent()
  // Those of the example are not this training's.
  return text!.includes('pretrained') ? 0 : Number.parseFloat(text!.replaceAll(',', ''))
}

/** Opens a view by its links. */
export async function openView(page: Page, view: ViewName): Promise<void> {
  for (const link of linksTo(view)) await page.locator(link).click()
}

/** Opens what a view's inspector has behind More. */
export async function openMore(page: Page): Promise<void> {
  const details = page.locator('details.more')
  if ((await details.getAttribute('open')) === null) await details.locator('> summary').click()
}

/** Adds a run by the method of a card. */
export async function addRun(page: Page, card: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a run' }).click()
  await page.getByRole('dialog', { name: 'Add a run' }).getByRole('button', { name: card }).click()
}

/** The choice of any method. */
export async function catalogue(page: Page): Promise<Locator> {
  await openMore(page)
  return page.getByRole('combobox', { name: 'Objective', exact: true })
}

/** The view that the page shows, by its heading. */
export const shownView = (page: Page): Promise<string | null> => page.locator('#view-heading').textContent()

let site: Promise<Site> | undefined

/**
 * The studio for the tests of a file: it is built and served once for all files of a process, and opened in one Chromium,
 * or in one of its own where it has options. After each test its pages are closed, and no console may have told of an
 * error.
 */
export function useStudio(options?: ChromiumOptions): {
  site(): string
  open(options?: OpenOptions): Promise<Opened>
} {
  let url: string
  let browser: Browser
  const opened: Opened[] = []
  beforeAll(async () => {
    site ??= serveSite()
    url = (await site).url
    browser = options ? await launchChromium(options) : await sharedChromium()
  }, 180_000)
  afterEach(async () => {
    const errors = opened.flatMap(({ errors }) => errors)
    for (const { context } of opened.splice(0)) await context.close()
    expect(errors).toEqual([])
  })
  afterAll(async () => {
    if (options) await browser?.close()
  })
  return {
    site: () => url,
    open: async options => {
      const page = await openPage(browser, url, options)
      opened.push(page)
      return page
    },
  }
}
