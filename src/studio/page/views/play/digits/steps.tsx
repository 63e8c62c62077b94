import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { state } from '../../../state/store.ts'
import { chosen, dimensionOf, type OpenedModel } from './model.ts'
import { Row } from './row.tsx'

/** Pictures beside each other. */
const COLUMNS = 10

const ROWS = [
  ...([1, 2, 4, 8] as const).map(steps => ({
    steps,
    method: 'auto' as const,
    title: steps === 1 ? '1 jump' : `${steps} jumps`,
  })),
  { steps: 50, method: 'euler' as const, title: '50 Euler steps' },
]

/** The same noise in more and more steps. */
export function StepsSection({ model }: { model: OpenedModel }) {
  const { traits } = model
  const { seed } = state.value.digits
  const { class: place, scale } = chosen(traits)
  const dimension = dimensionOf(traits)
  const noise = useMemo(() => drawNoise(COLUMNS, dimension, seed), [dimension, seed])
  const many = traits.classes.length
  const classes = many === 0 ? null : Array.from({ length: COLUMNS }, (_, i) => place ?? i % many)
  return (
    <section class="digit-steps" aria-label="Steps">
      <h2>The same noise in more steps</h2>
      <p class="soft">
        Each column starts from the same noise. Each jump evaluates the network once; the 50 Euler steps below
        follow its velocity and evaluate it 50 times.
      </p>
      {ROWS.map(({ steps, method, title }) => (
        <Row
          key={title}
          model={model}
          start={{ noise, name: `columns ${seed}`, classes }}
          scale={scale}
          steps={steps}
          method={method}
          label={`${COLUMNS} digits in ${title}`}
        >
          {milliseconds => (
            <p class="told">
              <strong>{title}</strong>{' '}
              <span class="soft">
                {milliseconds === null ? '…' : `${duration(milliseconds / COLUMNS)} per digit`}
              </span>
            </p>
          )}
        </Row>
      ))}
    </section>
  )
}

const duration = (milliseconds: number): string =>
  milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`
