import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { repeated } from '../../../../engine/pictures/pixels.ts'
import { state } from '../../../state/store.ts'
import { choose, pictures } from './model.ts'
import { slerp } from './slerp.ts'

/** Milliseconds after which a place on the way is in the link. */
const PACE = 300
/** Milliseconds that a rate is of. */
const WINDOW = 1000

/** What becomes of the noise on the way from one to another. */
export interface Morph {
  /** Of the model. */
  readonly key: string
  /** Noise `[D]` each. */
  readonly ends: readonly [Float32Array, Float32Array]
  /** Of each picture that the noise becomes, by its place; null for one of the data as a whole. */
  readonly classes: readonly number[] | null
  readonly scale: number | null
}

/** Pictures a second over the last second; nothing before there are enough to tell. */
function meter(): (pictures: number) => number | null {
  let times: number[] = []
  return pictures => {
    const now = performance.now()
    times = [...times.filter(time => now - time < WINDOW), now]
    return times.length > 3 ? (1000 * pictures * (times.length - 1)) / (now - times[0]) : null
  }
}

/** The pictures at a progress: one drawing at a time, and then the newest that is wanted. */
export function useMorph(
  progress: ReadonlySignal<number>,
  { key, ends: [from, to], classes, scale }: Morph,
): {
  readonly points: ReadonlySignal<Float32Array | null>
  /** Pictures a second. */
  readonly rate: ReadonlySignal<number | null>
  readonly problem: ReadonlySignal<string | null>
} {
  const points = useSignal<Float32Array | null>(null)
  const rate = useSignal<number | null>(null)
  const problem = useSignal<string | null>(null)
  useEffect(() => {
    const count = classes?.length ?? 1
    const measure = meter()
    let [wanted, busy, ended] = [progress.peek(), false, false]
    const draw = async (share: number): Promise<void> => {
      const noise = repeated(slerp(from, to, share), count)
      const drawn = await pictures().draw({ points: noise, grid: [1, 0], method: 'auto', classes, scale })
      if (ended) return
      points.value = drawn.points
      problem.value = null
      rate.value = measure(count) ?? rate.value
    }
    const goOn = async (): Promise<void> => {
      if (busy) return
      busy = true
      for (let done: number | null = null; !ended && done !== wanted; ) {
        done = wanted
        await draw(done).catch((error: Error) => {
          problem.value = error.message
        })
      }
      busy = false
    }
    const stop = progress.subscribe(share => {
      wanted = share
      void goOn()
    })
    return () => {
      ended = true
      stop()
    }
  }, [key, from, to, String(classes), scale])
  return { points, rate, problem }
}

/** How far the morph is: moved at once, and in the link once it rests. */
export function useLinkedProgress(): Signal<number> {
  const { at } = state.value.digits
  const progress = useSignal(at)
  useEffect(() => {
    progress.value = at
  }, [at])
  useEffect(() => {
    let later: ReturnType<typeof setTimeout>
    const stop = progress.subscribe(share => {
      clearTimeout(later)
      if (share !== state.peek().digits.at) later = setTimeout(() => choose({ at: share }), PACE)
    })
    return () => {
      clearTimeout(later)
      stop()
    }
  }, [])
  return progress
}
