import { useEffect, useRef, useState } from 'preact/hooks'
import type { Drawing } from '../../../../engine/pictures/map.ts'
import {
  createQueryCache,
  noResult,
  type QueryResult,
  type Subscription,
} from '../../../connection/query-cache.ts'
import { pictures } from './model.ts'

/** Pictures that are there, and how many milliseconds the map took. */
export interface Drawn {
  readonly points: Float32Array
  readonly milliseconds: number
}

/** What is asked for, named by everything in it that can change. */
export interface Asked extends Drawing {
  readonly key: string
  /** Of the model that draws. */
  readonly of: string
}

/** Intervals of a long grid that are taken at once: between two such parts others have their turn. */
const PART = 2

const settled = () => true
/** Few intervals, and many, which must not hold those up. */
const queues = { short: createQueryCache({ settled }), long: createQueryCache({ settled }) }

/** Takes pictures through a grid, part by part. @throws Error once they are not wanted any more */
async function through({ points, grid, ...rest }: Drawing, isWanted: () => boolean): Promise<Drawn> {
  let drawn: Drawn = { points, milliseconds: 0 }
  for (let at = 0; at < grid.length - 1; at += PART) {
    if (!isWanted()) throw new Error('others are wanted')
    const next = await pictures().draw({ ...rest, points: drawn.points, grid: grid.slice(at, at + PART + 1) })
    drawn = { points: next.points, milliseconds: drawn.milliseconds + next.milliseconds }
  }
  return drawn
}

/** The newest drawing that was asked for; the last one stays until it comes. */
export function useDrawing(asked: Asked): QueryResult & { readonly answer: Drawn | null } {
  const [shown, show] = useState<QueryResult>(noResult)
  const subscription = useRef<Subscription | null>(null)
  const newest = useRef<string | null>(null)
  const isLong = asked.method === 'euler'
  const name = `${asked.of} ${asked.key}`
  useEffect(() => {
    subscription.current = queues[isLong ? 'long' : 'short'].subscribe(show)
    return () => {
      newest.current = null
      subscription.current?.end()
    }
  }, [isLong])
  useEffect(() => {
    newest.current = name
    subscription.current?.setQuery({
      key: asked.key,
      of: asked.of,
      slow: isLong,
      ask: () => (isLong ? through(asked, () => newest.current === name) : pictures().draw(asked)),
    })
  }, [name, isLong])
  // What was refused to a question of before is of no interest.
  const error = shown.key === asked.key ? shown.error : null
  return { ...(shown as QueryResult & { readonly answer: Drawn | null }), error }
}
