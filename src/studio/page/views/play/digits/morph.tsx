import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { Transport } from '../../../draw/transport.tsx'
import { state } from '../../../state/store.ts'
import { choose, chosen, dimensionOf, newSeed, type OpenedModel } from './model.ts'
import { Pictures } from './pictures.tsx'
import { useLinkedProgress, useMorph } from './use-morph.ts'

/** Most classes that turn at once, and how many stand beside each other. */
const MOST = 10
const ACROSS = 5

/** Shade of a noise's zero, and of one standard deviation, of 255. */
const GREY = 128
const SPREAD = 50

/** One noise that turns into another, and the digits that one jump makes of it on the way. */
export function MorphSection({ model: { key, traits } }: { model: OpenedModel }) {
  const { seed, to } = state.value.digits
  const { class: place, scale } = chosen(traits)
  const dimension = dimensionOf(traits)
  const ends = useMemo(
    () => [drawNoise(1, dimension, seed), drawNoise(1, dimension, to)] as const,
    [dimension, seed, to],
  )
  const all = [...traits.classes.keys()].slice(0, MOST)
  const classes = traits.classes.length === 0 ? null : place === null ? all : [place]
  const count = classes?.length ?? 1
  const progress = useLinkedProgress()
  const { points, rate, problem } = useMorph(progress, { key, ends, classes, scale })
  return (
    <section class="digit-morph" aria-label="Morph">
      <h2>Morph from one noise to another</h2>
      <p class="soft">
        The noise moves along the arc between two draws and stays as far from zero as noise is, so one jump
        makes a digit of every place.
      </p>
      <div class={count === 1 ? 'turning one' : 'turning'}>
        <Pictures
          pixels={points.value}
          shape={traits.shape}
          count={count}
          across={Math.min(count, ACROSS)}
          label={`${count === 1 ? 'A digit' : `${count} digits`} between two noises`}
        />
      </div>
      {problem.value && <p class="problem">{problem.value}</p>}
      <Transport name="Morph" progress={progress} say={share => `${Math.round(100 * share)} % of the way`} />
      <div class="ends">
        {ends.map((noise, i) => (
          <figure key={i}>
            <Pictures
              pixels={noise.map(value => GREY + SPREAD * value)}
              shape={traits.shape}
              count={1}
              label={i === 0 ? 'The first noise' : 'The second noise'}
            />
            <figcaption>{i === 0 ? 'from' : 'to'}</figcaption>
          </figure>
        ))}
      </div>
      <div class="buttons">
        <button type="button" onClick={() => choose({ to: newSeed() })}>
          New end
        </button>
      </div>
      <p class="soft" data-number="rate">
        {rate.value === null ? ' ' : `${Math.round(rate.value)} digits a second`}
      </p>
    </section>
  )
}
