import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import { Pictures } from '../../play/digits/pictures.tsx'
import { SAMPLES } from './fill-state.ts'

/** Eight pictures, or those of them that are there. */
export function Samples({
  name,
  points,
  shape,
  busy,
}: {
  name: string
  points: Float32Array | null
  shape: PictureTraits['shape']
  busy: boolean
}) {
  return (
    <figure class="steered-digits" aria-busy={busy}>
      <figcaption>{name}</figcaption>
      <div>
        <Pictures pixels={points} shape={shape} count={SAMPLES} across={4} label={name} />
      </div>
    </figure>
  )
}
