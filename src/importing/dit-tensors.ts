import type { DitOptions } from '../model/dit/options.ts'
import { sincosTable } from '../model/dit/position.ts'
import { RunError } from '../serialization/run.ts'
import type { StoredTensor } from '../serialization/safetensors.ts'
import type { AffineTime } from './fold.ts'

export type Tensors = Readonly<Record<string, StoredTensor>>

/** A tensor of a shape whose elements stand elsewhere in another: `from` gives the place there of each place here. */
export function reordered(
  { shape, data }: StoredTensor,
  to: readonly number[],
  from: (place: readonly number[]) => readonly number[],
): StoredTensor {
  const size = to.reduce((a, b) => a * b)
  const place = to.map(() => 0)
  const values = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const there = from(place).reduce((index, at, axis) => index * shape[axis] + at, 0)
    values[i] = data[there]
    for (let axis = to.length - 1; axis >= 0 && ++place[axis] === to[axis]; axis--) place[axis] = 0
  }
  return { shape: to, data: values }
}

export const scaled = ({ shape, data }: StoredTensor, factor: number): StoredTensor => ({
  shape,
  data: Float64Array.from(data, value => value * factor),
})

/**
 * The weights of an embedder's first layer, `[W, 2 frequencies]` on cosines and then sines of their time, as those of ours:
 * `cos(f (o + b s))` and `sin(f (o + b s))` are a rotation of `cos(f |b| s)` and `sin(f |b| s)`.
 */
export function rotatedTimes(
  { shape, data }: StoredTensor,
  frequencies: number,
  { offset, factor }: AffineTime,
): StoredTensor {
  const sign = Math.sign(factor)
  const values = new Float64Array(data.length)
  for (let row = 0; row < shape[0]; row++) {
    for (let k = 0; k < frequencies; k++) {
      const [atCosine, atSine] = [0, frequencies].map(from => row * 2 * frequencies + from + k)
      const angle = offset * 10_000 ** (-k / frequencies)
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
      values[atCosine] = data[atCosine] * cosine + data[atSine] * sine
      values[atSine] = sign * (data[atSine] * cosine - data[atCosine] * sine)
    }
  }
  return { shape, data: values }
}

/** Largest difference of positions that a file rounded. */
const ROUNDED = 1e-2

/** @throws RunError when a file's table of positions is another than ours */
export function checkPositions(
  { shape, data }: StoredTensor,
  options: Pick<DitOptions, 'shape' | 'patch' | 'width'>,
  file: string,
): void {
  const table = sincosTable(options)
  const same = data.length === table.length && table.every((value, i) => Math.abs(value - data[i]) < ROUNDED)
  if (same) return
  throw new RunError(
    `${file}: tensor pos_embed [${shape.join(', ')}] is not the table of sines and cosines of ${options.shape.slice(0, 2).join(' x ')} pixels, and no network of ours has another`,
  )
}
