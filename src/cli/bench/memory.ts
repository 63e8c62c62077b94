import { readFileSync, writeFileSync } from 'node:fs'

/** A line of the kernel's account of this process; nothing where it does not tell. */
function read(key: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const found = new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
    return found ? 1024 * Number(found[1]) : undefined
  } catch {
    return undefined
  }
}

/** Bytes that this process takes from now on at most, beyond what it has; nothing where the system does not tell. */
export function watchMemory(): () => number | undefined {
  const before = read('VmRSS')
  try {
    // Makes the kernel forget the highest mark so far.
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    return () => undefined
  }
  return () => {
    const most = read('VmHWM')
    return before === undefined || most === undefined ? undefined : Math.max(0, most - before)
  }
}
