import type { ComponentChildren } from 'preact'
import { uniformGrid } from '../../../../../sampler/sampler.ts'
import { dimensionOf, type OpenedModel } from './model.ts'
import { Pictures } from './pictures.tsx'
import { useDrawing } from './use-drawing.ts'

/** Noise with a name, and what each of its rows becomes. */
export interface Start {
  /** `[n, D]` */
  readonly noise: Float32Array
  readonly name: string
  /** Of each row, by its place; null for the data as a whole. */
  readonly classes: readonly number[] | null
}

/** Pictures that a model draws in some steps, in a row. */
export function Row({
  model: { key, traits },
  start: { noise, name, classes },
  scale,
  steps,
  method = 'auto',
  label,
  children,
}: {
  model: OpenedModel
  start: Start
  scale: number | null
  steps: number
  method?: 'auto' | 'euler'
  label: string
  /** What is said of it, once it is known how long it took. */
  children?: (milliseconds: number | null) => ComponentChildren
}) {
  const { answer, fresh, error } = useDrawing({
    key: `${name} ${classes} ${scale} ${steps} ${method}`,
    of: key,
    points: noise,
    grid: uniformGrid(steps),
    method,
    classes,
    scale,
  })
  const count = noise.length / dimensionOf(traits)
  return (
    <div class="row" aria-busy={!fresh} data-row={`${method} ${steps}`}>
      {children?.(fresh && answer ? answer.milliseconds : null)}
      {error ? (
        <p class="problem">{error}</p>
      ) : (
        <Pictures pixels={answer?.points ?? null} shape={traits.shape} count={count} label={label} />
      )}
    </div>
  )
}
