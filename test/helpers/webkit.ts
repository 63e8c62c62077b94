import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { miniBrowserPath, webKitDriverPath } from './browsers.ts'
import { freePort } from './free-port.ts'
import type { Place, Size, Tab } from './tab.ts'

/** A session of WebDriver (https://www.w3.org/TR/webdriver2/). */
interface Session {
  readonly version: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
  close(): Promise<void>
}

async function request<T>(url: string, method: string, body?: object): Promise<T> {
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) })
  const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } }
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`)
  return value
}

/** Milliseconds that the driver may need to listen. */
const PATIENCE = 20_000

async function listening(url: string): Promise<void> {
  for (const start = Date.now(); ; await wait(50)) {
    const ready = await request(`${url}/status`, 'GET').catch(error => {
      if (Date.now() - start > PATIENCE) throw error
    })
    if (ready) return
  }
}

/** Starts the driver, and the browser by it. */
async function startSession(display: string): Promise<Session> {
  const [driver, binary] = [webKitDriverPath(), miniBrowserPath()]
  if (!driver || !binary)
    throw new Error('no WebKit; install webkit2gtk-driver, or set MINIBROWSER to its path')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { ...process.env, DISPLAY: display }
  const child = spawn(driver, [`--port=${port}`], { stdio: 'ignore', env })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const stop = (): Promise<void> => {
    child.kill()
    return ended
  }
  try {
    await listening(url)
    const browser = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } }
    const { sessionId, capabilities } = await request<{
      sessionId: string
      capabilities: { browserVersion: string }
    }>(`${url}/session`, 'POST', { capabilities: { alwaysMatch: browser } })
    const session = `${url}/session/${sessionId}`
    return {
      version: capabilities.browserVersion,
      get: path => request(session + path, 'GET'),
      post: (path, body = {}) => request(session + path, 'POST', body),
      close: async () => {
        await request(session, 'DELETE').catch(() => {})
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Keys that are no letters, as WebDriver writes them. */
const KEYS: Readonly<Record<string, string>> = {
  Tab: '\uE004',
  Enter: '\uE006',
  Shift: '\uE008',
  Escape: '\uE00C',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
}

/** A key that is pressed with those before it held. */
function strokes(key: string): object[] {
  const values = key.split('+').map(name => KEYS[name] ?? name)
  const step = (type: string) => (value: string) => ({ type, value })
  return [...values.map(step('keyDown')), ...values.reverse().map(step('keyUp'))]
}

/** A move of the mouse to its place at once, and one that takes milliseconds. */
const move = ([x, y]: Place, duration = 0) => ({
  type: 'pointerMove',
  x: Math.round(x),
  y: Math.round(y),
  duration,
})

/** The value of an expression, or why there is none. */
const settle = (expression: string): string => `
  const done = arguments[arguments.length - 1]
  Promise.resolve().then(() => (${expression})).then(
    value => done({ value }),
    error => done({ error: String(error) }),
  )`

/** A page in a frame, for a window that cannot be as narrow. */
const FRAME = `
  const [url, width, height, done] = arguments
  const frame = document.createElement('iframe')
  frame.style.cssText = 'border: 0; position: absolute; inset: 0; width: ' + width + 'px; height: ' + height + 'px'
  frame.onload = () => done(frame)
  frame.src = url
  document.body.replaceChildren(frame)`

/**
 * A page in WebKitGTK's MiniBrowser.
 *
 * @param display  what DISPLAY is set to
 * @throws Error when there is no MiniBrowser, or no driver for it
 */
export async function openWebKit(display: string, first: Size): Promise<Tab> {
  const session = await startSession(display)
  const { get, post } = session
  const read = async <T>(expression: string): Promise<T> => {
    const script = settle(expression)
    const { value, error } = await post<{ value: T; error?: string }>('/execute/async', { script, args: [] })
    if (error) throw new Error(error)
    return value
  }
  const act = (id: string, type: string, actions: readonly object[], rest = {}) =>
    post('/actions', { actions: [{ id, type, actions, ...rest }] })
  let size = first
  /** Makes the window as large as what it shows is to be. */
  const resize = async (next: Size): Promise<void> => {
    size = next
    await post('/frame', { id: null })
    const outer = await post<Size>('/window/rect', size)
    const inner = await read<Size>('({ width: innerWidth, height: innerHeight })')
    await post('/window/rect', {
      width: outer.width + size.width - inner.width,
      height: outer.height + size.height - inner.height,
    })
  }
  await post('/timeouts', { script: 60_000 })
  await resize(first)
  return {
    browser: `webkit ${session.version}`,
    go: async url => {
      await post('/frame', { id: null })
      // The same address again would only move to its fragment.
      if ((await get<string>('/url')) === url) await post('/refresh')
      else await post('/url', { url })
      if ((await read('innerWidth')) === size.width) return
      await post('/url', { url: new URL('/nothing', url).href })
      const frame = await post('/execute/async', { script: FRAME, args: [url, size.width, size.height] })
      await post('/frame', { id: frame })
    },
    resize,
    read,
    press: async (...keys) => {
      await act('keyboard', 'key', keys.flatMap(strokes))
    },
    drag: async (first, ...rest) => {
      const down = { type: 'pointerDown', button: 0 }
      const moves = rest.map(place => move(place, 60))
      await act('mouse', 'pointer', [move(first), down, ...moves, { ...down, type: 'pointerUp' }], {
        parameters: { pointerType: 'mouse' },
      })
    },
    picture: async () => Buffer.from(await get<string>('/screenshot'), 'base64'),
    close: session.close,
  }
}
