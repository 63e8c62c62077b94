import { type Profiler, Session } from 'node:inspector'

/** What of the sources has run, as V8 counts it. */
export interface Coverage {
  /** Whether anything ran since the last time that had never run before; it is remembered. */
  isNew(): boolean
  /** Forgets what ran since the last time. */
  drop(): void
  /** Blocks that have run. */
  readonly blocks: number
}

/** Counts blocks of files whose address has a part. */
export function startCoverage(part: string): Coverage {
  const session = new Session()
  session.connect()
  // Each answers before it returns, as the session is with this thread.
  const ask = <T>(method: string, params: object = {}): T => {
    let found: T | undefined
    session.post(method, params, (error, result) => {
      if (error) throw error
      found = result as T
    })
    return found as T
  }
  ask('Profiler.enable')
  ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const take = () => ask<Profiler.TakePreciseCoverageReturnType>('Profiler.takePreciseCoverage')
  const seen = new Set<string>()
  return {
    drop: () => void take(),
    isNew() {
      const { result } = take()
      const before = seen.size
      for (const { scriptId, url, functions } of result) {
        if (!url.includes(part)) continue
        for (const { ranges } of functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) seen.add(`${scriptId}:${startOffset}:${endOffset}`)
      }
      return seen.size > before
    },
    get blocks() {
      return seen.size
    },
  }
}
