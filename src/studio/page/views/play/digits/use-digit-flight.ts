import { useEffect, useRef, useState } from 'preact/hooks'
import { uniformGrid } from '../../../../../sampler/sampler.ts'
import type { Way } from '../../../draw/ways.ts'
import { pictures } from './model.ts'

/** What flies: noise, and what its pictures are told. */
export interface Start {
  /** Of the model. */
  readonly model: string
  /** `[n, D]` */
  readonly noise: Float32Array
  /** Of each, by its place; null for the data as a whole. */
  readonly classes: readonly number[] | null
  readonly scale: number | null
}

/** Pictures on their way from noise. */
export interface DigitFlight {
  readonly way: Way
  /** What each was told. */
  readonly classes: readonly number[] | null
  /** Shades `[n, D]` at times that are equally far apart, from noise to the digits. */
  readonly path: readonly Float32Array[]
}

/** Shade of a noise's zero, and of one standard deviation, of 255. */
const GREY = 128
const SPREAD = 50

/**
 * Points of a time as they are shown: the share of noise in them in shades of its own, `x + t (GREY + (SPREAD - 1) e)`, so that
 * noise is seen at time 1 and the digit as it is at time 0.
 */
export const shadesAt = (points: Float32Array, noise: Float32Array, t: number): Float32Array =>
  points.map((x, i) => x + t * (GREY + (SPREAD - 1) * noise[i]))

/** Takes noise to data, one interval after another. @returns null once others are wanted */
async function flown(
  { noise, classes, scale }: Start,
  way: Way,
  isWanted: () => boolean,
): Promise<DigitFlight | null> {
  const method = way.method === 'euler' ? 'euler' : 'auto'
  const grid = uniformGrid(way.steps)
  const path = [shadesAt(noise, noise, 1)]
  let points = noise
  for (let i = 1; i < grid.length; i++) {
    const drawn = await pictures().draw({
      points,
      grid: [grid[i - 1], grid[i]],
      method,
      classes,
      scale,
    })
    if (!isWanted()) return null
    points = drawn.points
    path.push(shadesAt(points, noise, grid[i]))
  }
  return { way, classes, path }
}

interface Shown {
  readonly flight: DigitFlight | null
  readonly error: string | null
}

/** The flight of some noise: one at a time and then the newest that is wanted, so that it follows a noise that is dragged. */
export function useDigitFlight(start: Start, way: Way): Shown {
  const [shown, show] = useState<Shown>({ flight: null, error: null })
  const { model, noise, classes, scale } = start
  const form = `${model} ${classes} ${scale} ${way.label}`
  const wanted = useRef({ form, start, way })
  wanted.current = { form, start, way }
  const busy = useRef(false)
  const ended = useRef(false)
  useEffect(() => {
    if (busy.current) return
    busy.current = true
    const goOn = async (): Promise<void> => {
      for (
        let done: typeof wanted.current | null = null;
        done?.start.noise !== wanted.current.start.noise || done.form !== wanted.current.form;
      ) {
        const now = wanted.current
        done = now
        const isWanted = (): boolean => !ended.current && wanted.current.form === now.form
        await flown(now.start, now.way, isWanted).then(
          flight => flight && show({ flight, error: null }),
          (error: Error) => isWanted() && show({ flight: null, error: error.message }),
        )
        if (ended.current) return
      }
      busy.current = false
    }
    void goOn()
  }, [form, noise])
  useEffect(
    () => () => {
      ended.current = true
    },
    [],
  )
  return shown
}
