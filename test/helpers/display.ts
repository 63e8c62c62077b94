import { spawn } from 'node:child_process'
import { xvfbPath } from './browsers.ts'

/** A display that nobody sees, for browsers that draw with WebGL on one alone. */
export interface Display {
  /** What DISPLAY is set to. */
  readonly name: string
  close(): Promise<void>
}

/** @throws Error when there is no Xvfb, or it does not start */
export async function startDisplay(): Promise<Display> {
  const path = xvfbPath()
  if (!path) throw new Error('no Xvfb; install it, or set XVFB to its path')
  const child = spawn(path, ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const number = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`Xvfb ended with ${code}`)))
    child.stdio[3]!.once('data', text => resolve(String(text).trim()))
  })
  return {
    name: `:${number}`,
    close: () => {
      child.kill()
      return ended
    },
  }
}
