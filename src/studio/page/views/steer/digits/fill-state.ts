import { glyphs } from '../../../../../data/glyphs.ts'
import { random } from '../../../../../random/random.ts'
import { pack, unpack } from '../../../../engine/bytes.ts'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import { state, update } from '../../../state/store.ts'
import { dimensionOf } from '../../play/digits/model.ts'

type Fill = typeof state.value.fill

/** Changes what the link says of the digits that are steered. */
export const change = (part: Partial<Fill>): void => update({ fill: { ...state.value.fill, ...part } })

/** Samples that are shown. */
export const SAMPLES = 8

/**
 * Deviation of the noise in what is seen, of numbers 0 to 255: about what a few dozen particles come to, so that samples go on to
 * differ.
 */
export const NOISE = 40

/** Cells of a square that are hidden, 1 each, row by row. */
export function hiddenCells(text: string | null, side: number): Uint8Array {
  const count = side * side
  if (text !== null) {
    if (text === '') return new Uint8Array(count)
    try {
      const cells = unpack(text, count)
      if (cells.length === count) return cells
    } catch {
      // A link of another model's picture: the first hole stands in.
    }
  }
  return Uint8Array.from({ length: count }, (_, i) => Number(Math.floor(i / side) >= side / 2))
}

export const packHidden = (cells: Uint8Array): string => (cells.includes(1) ? pack(cells) : '')

/** Whether digits can be drawn that the model has not seen: its data are glyphs, of which there is no end. */
export const hasFresh = ({ data, shape: [height, width, channels] }: PictureTraits): boolean =>
  data === 'glyphs' && height === width && channels === 1

/** A digit that the model has not seen. */
export function freshDigit(traits: PictureTraits, seed: number): Float32Array {
  const picture = new Float32Array(dimensionOf(traits))
  glyphs({ size: traits.shape[0] }).sample(random(seed, 'studio unseen digit'), picture)
  return picture
}
