import { useEffect, useState } from 'preact/hooks'
import type { SteeredPicture } from '../../../../engine/pictures/steering.ts'

/** Pictures that come one after another. */
export interface Arriving {
  readonly points: Float32Array
  /** Of them, how many are there. */
  readonly count: number
  /** Evaluations of the network for one. */
  readonly evaluations: number | null
  readonly error: string | null
}

const nothing: Arriving = { points: new Float32Array(0), count: 0, evaluations: null, error: null }

function joined(before: Float32Array, next: Float32Array): Float32Array {
  const all = new Float32Array(before.length + next.length)
  all.set(before)
  all.set(next, before.length)
  return all
}

/**
 * Steered pictures, one after another; what is asked anew begins anew.
 *
 * @param key  names the question: everything in `ask` that can change
 * @param ask  of the picture at a place; nothing is asked while it is null
 */
export function useSteered(
  key: string,
  count: number,
  ask: ((place: number) => Promise<SteeredPicture>) | null,
): Arriving {
  const [shown, show] = useState({ key, arriving: nothing })
  useEffect(() => {
    if (!ask) return
    let isWanted = true
    const run = async (): Promise<void> => {
      let arriving = nothing
      try {
        for (let place = 0; place < count && isWanted; place++) {
          const { points, evaluations } = await ask(place)
          arriving = { points: joined(arriving.points, points), count: place + 1, evaluations, error: null }
          if (isWanted) show({ key, arriving })
        }
      } catch (error) {
        if (isWanted) show({ key, arriving: { ...arriving, error: (error as Error).message } })
      }
    }
    void run()
    return () => {
      isWanted = false
    }
  }, [key, ask === null])
  return shown.key === key ? shown.arriving : nothing
}
