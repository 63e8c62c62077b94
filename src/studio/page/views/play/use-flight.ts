import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../sampler/sampler.ts'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { selected, selectedLive, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import type { Way } from './ways.ts'

/** Points that fly. */
const COUNT = 2000

export interface Flight {
  /** All of them at each of the times, from noise to data. */
  readonly path: readonly PlanePoints[]
  /** Of the last, those off the data. */
  readonly marks: Uint8Array | null
  /** The share off the data, and that of data themselves; null while it is not known. */
  readonly strays: { readonly value: number; readonly floor: number } | null
}

/** The points on their way: the last known ones until the next are there, and null before any are. */
export function useFlight({ steps, method }: Way): Flight | null {
  const { seed, target } = selected.value
  const { weights } = state.value
  const form = JSON.stringify(target)
  const key = `${form} ${steps} ${method} ${weights} ${seed}`
  const shown = useAnswer('samples', key, { steps, method, weights, count: COUNT, seed })
  // Those of another target are none of it.
  const answer = shown.key?.startsWith(`samples ${form} `) ? shown.answer : null
  const live = selectedLive.value
  // What came with the page, or with the last report, is there before anything is computed.
  const first = live?.samples?.length === 2 * COUNT ? live.samples : null
  return useMemo(() => {
    if (answer) {
      const { path, marks, values, floors } = answer
      const isKnown = values.strays !== undefined
      return { path, marks, strays: isKnown ? { value: values.strays, floor: floors.strays.value } : null }
    }
    if (!first) return null
    const noise = drawNoise(COUNT, 2, seed)
    return { path: [noise, first], marks: live?.strays?.marks ?? null, strays: live?.strays ?? null }
  }, [answer, first, live?.strays, seed])
}
