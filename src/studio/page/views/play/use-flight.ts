import { computed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../sampler/sampler.ts'
import { isUntouched } from '../../../plan.ts'
import type { Flown } from '../../draw/flight.ts'
import { WAYS, type Way } from '../../draw/ways.ts'
import { firstLook } from '../../state/first-look.ts'
import { selected, selectedRun, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'

/** Points that fly. */
const COUNT = 2000

/** Of the map that is selected; a training that goes on is still the same. */
export const mapKey = computed(() => `${selectedRun.value.name} ${JSON.stringify(selected.value.target)}`)

export interface Flight extends Flown {
  /** How they go: the way that was chosen before, until that of the new one is known. */
  readonly way: Way
  /** The share off the data, and that of data themselves; null while it is not known. */
  readonly strays: { readonly value: number; readonly floor: number } | null
}

/** The points on their way; null before they are known of the map that is selected. */
export function useFlight({ steps, method }: Way): Flight | null {
  const plan = selected.value
  const { weights } = state.value
  const form = mapKey.value
  const keyOf = (way: Pick<Way, 'steps' | 'method'>): string =>
    `${form} ${way.steps} ${way.method} ${weights}`
  const shown = useAnswer('samples', keyOf({ steps, method }), {
    steps,
    method,
    weights,
    count: COUNT,
    seed: plan.seed,
  })
  const way = WAYS.find(each => shown.key === `samples ${keyOf(each)}`)
  // What came with the page is there before anything is computed.
  const first = useMemo(() => (isUntouched(plan) ? firstLook(plan, weights) : null), [plan, weights])
  return useMemo(() => {
    if (way && shown.answer) {
      const { path, marks, values, floors } = shown.answer
      const isKnown = values.strays !== undefined
      return {
        way,
        path,
        marks,
        strays: isKnown ? { value: values.strays, floor: floors.strays.value } : null,
      }
    }
    if (!first?.samples || !first.strays) return null
    const noise = drawNoise(COUNT, 2, plan.seed)
    return { way: WAYS[0], path: [noise, first.samples], marks: first.strays.marks, strays: first.strays }
  }, [way, shown.answer, first, plan.seed])
}
