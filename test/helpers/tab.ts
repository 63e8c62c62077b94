import type { Browser } from 'playwright-core'

export type Place = readonly [x: number, y: number]

/** A page in any browser: what a person does with it, and what a program reads in it. */
export interface Tab {
  /** Name and version of the browser. */
  readonly browser: string
  go(url: string): Promise<void>
  /** Another size of the window, from the next address on. */
  resize(size: Size): Promise<void>
  /** The value of an expression in the page; a promise is waited for. */
  read<T>(expression: string): Promise<T>
  /** Presses keys one after the other, by their names: `Enter`, `ArrowLeft`, with `Shift+` before. */
  press(...keys: readonly string[]): Promise<void>
  /** Presses the mouse's button at the first place and lets go at the last; one place is a click. */
  drag(...places: readonly Place[]): Promise<void>
  /** The window's picture, PNG. */
  picture(): Promise<Buffer>
  close(): Promise<void>
}

/** Inner width and height of a window, in pixels of CSS. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** A page of a browser that Playwright drives; closing it closes the browser. */
export async function openTab(browser: Browser, viewport: Size): Promise<Tab> {
  const page = await (await browser.newContext({ viewport })).newPage()
  return {
    browser: `${browser.browserType().name()} ${browser.version()}`,
    go: async url => {
      await page.goto(url)
    },
    resize: size => page.setViewportSize(size),
    read: expression => page.evaluate(expression),
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key)
    },
    drag: async ([x, y], ...rest) => {
      await page.mouse.move(x, y)
      await page.mouse.down()
      for (const [x, y] of rest) await page.mouse.move(x, y, { steps: 4 })
      await page.mouse.up()
    },
    picture: () => page.screenshot(),
    close: () => browser.close(),
  }
}
