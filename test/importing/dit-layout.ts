import { random } from '../../src/random/random.ts'
import type { StoredTensor } from '../../src/serialization/safetensors.ts'

/** Sizes of a transformer as DiT's code has them: pictures `[channels, size, size]`. */
export interface Sizes {
  readonly size: number
  readonly channels: number
  readonly patch: number
  readonly width: number
  readonly depth: number
  readonly heads: number
  readonly hidden: number
  readonly frequencies: number
  readonly classes: number
  /** Whether the last layer also gives a variance. */
  readonly learnsSigma: boolean
}

type Tensors = Record<string, StoredTensor>

const times = (n: number): number[] => [...new Array(n).keys()]

/** Two-dimensional sines and cosines, the column's first. */
function positions({ size, patch, width }: Sizes): number[] {
  const side = size / patch
  const one = (n: number) => {
    const omega = times(width / 4).map(k => 1 / 10_000 ** (k / (width / 4)))
    return [...omega.map(w => Math.sin(n * w)), ...omega.map(w => Math.cos(n * w))]
  }
  return times(side * side).flatMap(n => [...one(n % side), ...one(Math.floor(n / side))])
}

/** Weights in the published layout. */
export function publishedWeights(sizes: Sizes): Tensors {
  const { size, channels, patch, width, depth, hidden, frequencies, classes, learnsSigma } = sizes
  const out = patch * patch * channels * (learnsSigma ? 2 : 1)
  const shapes: [string, number[]][] = [
    ['x_embedder.proj', [width, channels, patch, patch]],
    ['t_embedder.mlp.0', [width, 2 * frequencies]],
    ['t_embedder.mlp.2', [width, width]],
    ...times(depth).flatMap((i): [string, number[]][] => [
      [`blocks.${i}.attn.qkv`, [3 * width, width]],
      [`blocks.${i}.attn.proj`, [width, width]],
      [`blocks.${i}.mlp.fc1`, [hidden, width]],
      [`blocks.${i}.mlp.fc2`, [width, hidden]],
      [`blocks.${i}.adaLN_modulation.1`, [6 * width, width]],
    ]),
    ['final_layer.linear', [out, width]],
    ['final_layer.adaLN_modulation.1', [2 * width, width]],
  ]
  const draw = (name: string, shape: number[], spread: number): StoredTensor => {
    const source = random(6, name)
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => spread * source.normal())
    return { shape, data }
  }
  const layers = shapes.flatMap(([name, shape]): [string, StoredTensor][] => [
    [`${name}.weight`, draw(name, shape, 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b)))],
    [`${name}.bias`, draw(`${name} bias`, [shape[0]], 0.3)],
  ])
  return {
    pos_embed: { shape: [1, (size / patch) ** 2, width], data: Float32Array.from(positions(sizes)) },
    ...Object.fromEntries(layers),
    'y_embedder.embedding_table.weight': draw('table', [classes + 1, width], 1),
  }
}

/**
 * What DiT's code computes with them, in plain loops: `pixel(channel, row, column)` of a picture, a time as its network is
 * shown it and a class, or the number of classes for none.
 */
export function published(
  sizes: Sizes,
  tensors: Tensors,
  pixel: (channel: number, row: number, column: number) => number,
  time: number,
  label: number,
): (channel: number, row: number, column: number) => number {
  const { size, channels, patch: p, width, depth, heads, frequencies } = sizes
  const silu = (v: number) => v / (1 + Math.exp(-v))
  const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)))
  const linear = (name: string, x: number[]): number[] => {
    const { data, shape } = tensors[`${name}.weight`]
    const bias = tensors[`${name}.bias`].data
    return times(shape[0]).map(i => x.reduce((sum, v, j) => sum + data[i * x.length + j] * v, bias[i]))
  }
  const normed = (x: number[]): number[] => {
    const mean = x.reduce((a, b) => a + b) / x.length
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length
    return x.map(v => (v - mean) / Math.sqrt(variance + 1e-6))
  }
  const modulate = (x: number[], shift: number[], scale: number[]) =>
    normed(x).map((v, i) => v * (1 + scale[i]) + shift[i])
  const chunk = (x: number[]) => times(x.length / width).map(i => x.slice(i * width, (i + 1) * width))

  const angles = times(frequencies).map(k => time * Math.exp((-Math.log(10_000) * k) / frequencies))
  const embedded = linear(
    't_embedder.mlp.2',
    linear('t_embedder.mlp.0', [...angles.map(Math.cos), ...angles.map(Math.sin)]).map(silu),
  )
  const table = tensors['y_embedder.embedding_table.weight'].data
  const c = embedded.map((v, i) => silu(v + table[label * width + i]))

  const side = size / p
  const kernel = tensors['x_embedder.proj.weight'].data
  const offset = tensors['x_embedder.proj.bias'].data
  const places = tensors.pos_embed.data
  let h = times(side * side).map(n =>
    times(width).map(unit => {
      let sum = offset[unit] + places[n * width + unit]
      for (const channel of times(channels))
        for (const i of times(p))
          for (const j of times(p)) {
            const weight = kernel[((unit * channels + channel) * p + i) * p + j]
            sum += weight * pixel(channel, Math.floor(n / side) * p + i, (n % side) * p + j)
          }
      return sum
    }),
  )
  for (const b of times(depth)) {
    const name = `blocks.${b}`
    const [shiftA, scaleA, gateA, shiftM, scaleM, gateM] = chunk(linear(`${name}.adaLN_modulation.1`, c))
    const qkv = h.map(x => chunk(linear(`${name}.attn.qkv`, modulate(x, shiftA, scaleA))))
    const d = width / heads
    const mixed = times(h.length).map(n =>
      times(heads).flatMap(head => {
        const of = (m: number, which: number) => qkv[m][which].slice(head * d, (head + 1) * d)
        const scores = times(h.length).map(m =>
          Math.exp(of(n, 0).reduce((sum, v, i) => sum + v * of(m, 1)[i], 0) / Math.sqrt(d)),
        )
        const total = scores.reduce((a, b) => a + b)
        return times(d).map(i => scores.reduce((sum, w, m) => sum + (w / total) * of(m, 2)[i], 0))
      }),
    )
    h = h.map((x, n) => {
      const out = linear(`${name}.attn.proj`, mixed[n])
      return x.map((v, i) => v + gateA[i] * out[i])
    })
    h = h.map(x => {
      const up = linear(`${name}.mlp.fc1`, modulate(x, shiftM, scaleM)).map(gelu)
      const out = linear(`${name}.mlp.fc2`, up)
      return x.map((v, i) => v + gateM[i] * out[i])
    })
  }
  const [shift, scale] = chunk(linear('final_layer.adaLN_modulation.1', c))
  const rows = h.map(x => linear('final_layer.linear', modulate(x, shift, scale)))
  const each = rows[0].length / p / p
  return (channel, row, column) =>
    rows[Math.floor(row / p) * side + Math.floor(column / p)][((row % p) * p + (column % p)) * each + channel]
}
