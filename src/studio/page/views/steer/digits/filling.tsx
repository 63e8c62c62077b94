import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { PaintKeys } from '../../../parts/paint-area.tsx'
import type { Painting } from '../../../parts/painting.ts'
import { state } from '../../../state/store.ts'
import { dimensionOf, type OpenedModel, pictures } from '../../play/digits/model.ts'
import { useDrawing } from '../../play/digits/use-drawing.ts'
import { freshDigit, hasFresh, NOISE, SAMPLES } from './fill-state.ts'
import { Hole } from './mask.tsx'
import { Samples } from './samples.tsx'
import { useSteered } from './use-steered.ts'

/** The digit of which some is hidden: one that the model has not seen, or one that it draws. */
function useDigit({ key, traits }: OpenedModel): Float32Array | null {
  const { from, seed } = state.value.fill
  const isFresh = from === 'data' && hasFresh(traits)
  const dimension = dimensionOf(traits)
  const noise = useMemo(() => drawNoise(1, dimension, seed), [dimension, seed])
  const many = traits.classes.length
  const { answer, key: drawn } = useDrawing({
    key: `digit ${seed}`,
    of: key,
    points: noise,
    grid: [1, 0],
    method: 'auto',
    classes: many === 0 ? null : [seed % many],
    scale: traits.scales?.[0] ?? null,
  })
  const fresh = useMemo(() => (isFresh ? freshDigit(traits, seed) : null), [isFresh, traits, seed])
  if (isFresh) return fresh
  return answer && drawn === `digit ${seed}` ? answer.points : null
}

/** Root mean square distance of each picture `[n, D]` to another, over some places; their mean. */
function misfit(points: Float32Array, picture: Float32Array, places: readonly number[]): number {
  const D = picture.length
  let total = 0
  for (let row = 0; row < points.length; row += D) {
    const sum = places.reduce((sum, i) => sum + (points[row + i] - picture[i]) ** 2, 0)
    total += Math.sqrt(sum / places.length)
  }
  return total / (points.length / D)
}

/** A digit with a hole on the left, and what may be in it on the right. */
export function Filling({ model, mask }: { model: OpenedModel; mask: Painting<Uint8Array> }) {
  const { key, traits } = model
  const { from, seed, hidden, steps, particles } = state.value.fill
  const picture = useDigit(model)
  const channels = traits.shape[2]
  const keep = useMemo(() => {
    const cells = mask.canvas.side ** 2 * channels
    return Array.from({ length: cells }, (_, i) => i).filter(i => !mask.cells.value[Math.floor(i / channels)])
  }, [mask, hidden, channels])
  const isAllHidden = keep.length === 0
  const ask = (place: number) =>
    pictures().steer({
      goal: { kind: 'mask', picture: picture!, keep, sd: NOISE },
      beta: 1,
      steps,
      particles,
      seed: SAMPLES * seed + place,
    })
  const arriving = useSteered(
    JSON.stringify([key, from, seed, hidden, steps, particles]),
    SAMPLES,
    picture && !isAllHidden ? ask : null,
  )
  const { points, count, evaluations, error } = arriving
  return (
    <div class="results">
      <div class="pictures">
        <Hole mask={mask} picture={picture} shape={traits.shape} />
        <Samples
          name={`What it may be: ${SAMPLES} samples`}
          points={points}
          shape={traits.shape}
          busy={count < SAMPLES && !error}
        />
      </div>
      <div class="how">
        <PaintKeys />
      </div>
      <p class="gap" role="status">
        {error ??
          (isAllHidden
            ? 'The whole digit is hidden: uncover some of it first.'
            : count < SAMPLES
              ? `Steering: ${count} of ${SAMPLES} samples.`
              : `Where the digit is visible, the samples are off by ${Math.round(misfit(points, picture!, keep))} of 255 (root mean square); it is assumed to be known to ±${NOISE}. Each sample cost ${evaluations!.toLocaleString('en')} evaluations of the network.`)}
      </p>
      <p class="soft">The exact law is not known here: where the samples agree, the map is sure.</p>
    </div>
  )
}
