import { useEffect, useMemo, useState } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { ClassChips } from '../../../parts/class-chips.tsx'
import { Slider } from '../../../parts/slider.tsx'
import { state } from '../../../state/store.ts'
import { fetchClassifier } from '../../play/digits/classifier.ts'
import { dimensionOf, type OpenedModel, pictures } from '../../play/digits/model.ts'
import { useDrawing } from '../../play/digits/use-drawing.ts'
import { change, SAMPLES } from './fill-state.ts'
import { Samples } from './samples.tsx'
import { useSteered } from './use-steered.ts'

export function ClassControls({ names }: { names: readonly string[] }) {
  const { class: place, beta } = state.value.fill
  return (
    <>
      <ClassChips names={names} value={place} onChange={at => change({ class: at! })} />
      <Slider
        name="Strength β"
        value={beta}
        min={0}
        max={4}
        step={0.25}
        onChange={beta => change({ beta })}
      />
    </>
  )
}

/** The mean probability of a class of pictures; null until it is known. */
function useJudged(points: Float32Array | null, of: number, key: string): number | null {
  const [judged, tell] = useState({ key: '', mean: 0 })
  useEffect(() => {
    if (!points) return
    let isWanted = true
    const judge = async (): Promise<void> => {
      const classifier = await fetchClassifier()
      const likely = await pictures().judge({ points, goal: { kind: 'class', class: of, classifier } })
      if (isWanted) tell({ key, mean: likely.reduce((sum, each) => sum + each, 0) / likely.length })
    }
    // Why it could not be asked is said of the samples.
    judge().catch(() => {})
    return () => {
      isWanted = false
    }
  }, [points, key])
  return points && judged.key === key ? judged.mean : null
}

const percent = (share: number | null): string => (share === null ? '…' : `${Math.round(100 * share)}\u00a0%`)

/** Digits of a class by the map's own condition on the left, and by steering it without one on the right. */
export function TowardsClass({ model: { key, traits } }: { model: OpenedModel }) {
  const { seed, class: asked, beta, steps, particles } = state.value.fill
  const place = Math.min(asked, traits.classes.length - 1)
  const dimension = dimensionOf(traits)
  const noise = useMemo(() => drawNoise(SAMPLES, dimension, seed), [dimension, seed])
  const name = `told ${seed} ${place}`
  const drawn = useDrawing({
    key: name,
    of: key,
    points: noise,
    grid: [1, 0],
    method: 'auto',
    classes: new Array<number>(SAMPLES).fill(place),
    scale: traits.scales?.[0] ?? null,
  })
  const told = drawn.key === name && drawn.answer ? drawn.answer.points : null
  const ask = async (at: number) =>
    pictures().steer({
      goal: { kind: 'class', class: place, classifier: await fetchClassifier() },
      beta,
      steps,
      particles,
      seed: SAMPLES * seed + at,
    })
  const question = JSON.stringify([key, seed, place, beta, steps, particles])
  const { points, count, evaluations, error } = useSteered(question, SAMPLES, ask)
  const isThere = count === SAMPLES
  const own = useJudged(isThere ? points : null, place, question)
  const known = useJudged(told, place, `${key} ${name}`)
  return (
    <div class="results">
      <div class="pictures">
        <Samples
          name={`Given the class: ${SAMPLES} samples of the map`}
          points={told}
          shape={traits.shape}
          busy={!told}
        />
        <Samples
          name={`Steered to the class: ${SAMPLES} samples`}
          points={points}
          shape={traits.shape}
          busy={!isThere && !error}
        />
      </div>
      <p class="gap" role="status">
        {error ??
          (isThere
            ? `The classifier reads the steered digits as a ${traits.classes[place]} with a probability of ${percent(own)}, and those of the map that is given the class with ${percent(known)}. Each steered sample cost ${evaluations!.toLocaleString('en')} evaluations of the network, the others 1.`
            : `Steering: ${count} of ${SAMPLES} samples.`)}
      </p>
      <p class="soft">
        On the right, the map is not given the class: a small classifier of drawn digits rates how likely each
        particle is to be of the class. It can be wrong about shapes that are not digits, and an unconditional
        map draws more of these.
      </p>
    </div>
  )
}
