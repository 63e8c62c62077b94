import { Slider } from '../../../parts/slider.tsx'
import { state } from '../../../state/store.ts'
import type { OpenedModel } from './model.ts'
import { putMorph } from './morph.ts'
import { Pictures } from './pictures.tsx'
import { shadesAt } from './use-digit-flight.ts'

/** The way from one noise to another, and the first picture of each at its ends. */
export function MorphBar({
  model: { traits },
  ends,
}: {
  model: OpenedModel
  ends: readonly [Float32Array, Float32Array]
}) {
  const { at } = state.value.digits
  const size = traits.shape.reduce((all, each) => all * each, 1)
  const [first, second] = ends.map(noise => {
    const one = noise.subarray(0, size)
    return shadesAt(one, one, 1)
  })
  return (
    <div class="morph-bar">
      <Pictures pixels={first} shape={traits.shape} count={1} label="One noise" />
      <Slider
        name="From noise to noise"
        value={at}
        min={0}
        max={1}
        step={0.01}
        text={`${Math.round(100 * at)} %`}
        onChange={putMorph}
      />
      <Pictures pixels={second} shape={traits.shape} count={1} label="Another noise" />
    </div>
  )
}
