import type { DitOptions } from '../../../src/model/dit/options.ts'

/**
 * The transformer again, for one sample, in plain loops over numbers and with weights `[out][in]`: what the graph is tested
 * against. Written from the formulas, and sharing no code with it.
 */

type Row = readonly number[]
type Matrix = readonly Row[]
export type Weights = Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>>

export interface Sample {
  readonly x: Row
  readonly s: number
  readonly t: number
  /** Absent for none. */
  readonly label?: number
  readonly vector?: Row
  readonly w?: number
  readonly low?: number
  readonly high?: number
}

const times = (n: number): number[] => [...new Array(n).keys()]
const dot = (a: Row, b: Row): number => a.reduce((sum, value, i) => sum + value * b[i], 0)
const plus = (...rows: Row[]): number[] => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0))
const silu = (v: number): number => v / (1 + Math.exp(-v))
const gelu = (v: number): number =>
  0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))

const rms = (row: Row): number[] => {
  const root = Math.sqrt(dot(row, row) / row.length + 1e-6)
  return row.map(v => v / root)
}
const layer = (row: Row): number[] => {
  const mean = row.reduce((a, b) => a + b) / row.length
  return rms(row.map(v => v - mean))
}

/** `N` of one sample, or its velocity head's with the prefix `velocity.`, as a picture row by row. */
export function reference(
  o: DitOptions,
  weights: Weights,
  sample: Sample,
  prefix: '' | 'velocity.' = '',
): number[] {
  const array = (name: string): number[] => Array.from(weights[name].data)
  const rowsOf = (name: string): Matrix => {
    const [rows, columns] = weights[name].shape
    const all = array(name)
    return times(rows).map(i => all.slice(i * columns, (i + 1) * columns))
  }
  const linear = (name: string, row: Row): number[] =>
    plus(
      rowsOf(`${name}.weight`).map(w => dot(w, row)),
      array(`${name}.bias`),
    )
  const embedded = (name: string, row: Row) => linear(`${name}.1`, linear(`${name}.0`, row).map(silu))
  const features = (value: number): number[] => {
    const n = o.frequencies
    if (o.embedding === 'fourier') {
      const angles = times(n).map(k => 2 ** k * Math.PI * value)
      return [...angles.map(Math.sin), ...angles.map(Math.cos)]
    }
    const angles = times(n).map(k => o.timeScale * value * 10_000 ** (-k / n))
    return [...angles.map(Math.cos), ...angles.map(Math.sin)]
  }

  const { s, t, w = 1 } = sample
  const shown = (late: boolean): number[] =>
    ({ 's,t': [s, t], 's,s-t': [s, s - t], 's-t': [s - t], s: [s], decoupled: [late ? t : s] })[
      o.conditioning
    ]
  const label = (): number[] => {
    const none = new Array<number>(o.width).fill(0)
    const ofClass = o.classes === undefined ? none : rowsOf('class.table')[sample.label ?? o.classes]
    const ofVector =
      o.vector === undefined ? none : sample.vector ? embedded('vector', sample.vector) : array('vector.null')
    return plus(ofClass, ofVector)
  }
  const signals = (late: boolean): [name: string, embedding: number[]][] => [
    ['label', label()],
    ...(o.scale === 'none'
      ? []
      : [
          ['scale', embedded('scale', features(o.scale === 'inverse' ? 1 / w : 1 - 1 / w))] as [
            string,
            number[],
          ],
        ]),
    ...(o.interval ? [sample.low ?? 0, sample.high ?? 1] : []).map((end, i): [string, number[]] => [
      `interval.${i}`,
      embedded(`interval.${i}`, features(end)),
    ]),
    ...shown(late).map((time, i): [string, number[]] => [`time.${i}`, embedded(`time.${i}`, features(time))]),
  ]

  const isSequence = o.shape.length === 2
  const [height, width, channels] = isSequence ? [1, ...o.shape] : o.shape
  const p = o.patch
  const high = isSequence ? 1 : p
  const pixel = (row: number, column: number, channel: number): number =>
    (row * width + column) * channels + channel
  const places = times(height / high).flatMap(row => times(width / p).map(column => [row, column]))
  const encoding = (n: number): number[] => {
    const count = o.width / (isSequence ? 2 : 4)
    const f = times(count).map(k => 10_000 ** (-k / count))
    return [...f.map(v => Math.sin(n * v)), ...f.map(v => Math.cos(n * v))]
  }
  const size = o.scalesInput ? 1 / Math.sqrt((1 - s) ** 2 + s ** 2) : 1
  const patches = places.map(([row, column], n) => {
    const pixels = times(high).flatMap(i =>
      times(p).flatMap(j =>
        times(channels).map(k => size * sample.x[pixel(row * high + i, column * p + j, k)]),
      ),
    )
    const h = linear('patch', pixels)
    if (o.position === 'learned') return plus(h, rowsOf('position')[n])
    if (o.position !== 'sincos') return h
    return plus(h, isSequence ? encoding(column) : [...encoding(column), ...encoding(row)])
  })
  const tokens =
    o.injection === 'adaln'
      ? []
      : signals(false).flatMap(([name, embedding]) =>
          rowsOf(`tokens.${name}`).map(row => plus(row, embedding)),
        )

  const d = o.width / o.heads
  const turn = (row: number[], angles: Row): number[] =>
    row.map((value, i) => {
      const angle = angles[Math.floor(i / 2)]
      return i % 2 === 0
        ? value * Math.cos(angle) - row[i + 1] * Math.sin(angle)
        : row[i - 1] * Math.sin(angle) + value * Math.cos(angle)
    })
  const angles = (n: number): number[] => {
    if (o.position === 'rotary') return times(d / 2).map(i => n * 10_000 ** ((-2 * i) / d))
    const place = places[n - tokens.length]
    if (!place) return times(d / 2).map(() => 0)
    return place.flatMap(at => times(d / 4).map(i => at * 10_000 ** ((-2 * i) / (d / 2))))
  }
  const attention = (name: string, rows: Matrix): Matrix => {
    const all = rows.map(row => linear(`${name}.qkv`, row))
    const heads = times(o.heads).map(head => {
      const part = (which: number, n: number): number[] => {
        const from = which * o.width + head * d
        const own = all[n].slice(from, from + d)
        if (which === 2) return own
        const scale = o.qkNorm ? array(`${name}.${'qk'[which]}.scale`) : []
        const normed = o.qkNorm ? rms(own).map((v, i) => v * scale[i]) : own
        return o.position.startsWith('rotary') ? turn(normed, angles(n)) : normed
      }
      return times(rows.length).map(n => {
        const scores = times(rows.length).map(m => dot(part(0, n), part(1, m)) / Math.sqrt(d))
        const top = Math.max(...scores)
        const weights = scores.map(v => Math.exp(v - top))
        const total = weights.reduce((a, b) => a + b)
        return times(d).map(i => weights.reduce((sum, v, m) => sum + (v / total) * part(2, m)[i], 0))
      })
    })
    return times(rows.length).map(n =>
      linear(
        `${name}.out`,
        heads.flatMap(head => head[n]),
      ),
    )
  }
  const perceptron = (name: string, row: Row): number[] => {
    const up = linear(`${name}.mlp.0`, row)
    const inner =
      o.activation === 'gelu' ? up.map(gelu) : times(o.hidden).map(i => silu(up[i]) * up[o.hidden + i])
    return linear(`${name}.mlp.1`, inner)
  }

  const chunks = (name: string, e: Row): Matrix => {
    const all = linear(`${name}.modulation`, e)
    return times(all.length / o.width).map(i => {
      const own = all.slice(i * o.width, (i + 1) * o.width)
      return o.modulationNorm ? rms(own) : own
    })
  }
  const norm = o.norm === 'rms' ? rms : layer
  const modulated = (row: Row, shift: Row, scale: Row): number[] =>
    norm(row).map((v, i) => v * (1 + scale[i]) + shift[i])
  const gated = (rows: Matrix, gate: Row, change: Matrix): Matrix =>
    rows.map((row, n) => row.map((v, i) => v + gate[i] * change[n][i]))
  const scaled = (row: Row, name: string): number[] => {
    const scale = array(`${name}.scale`)
    return rms(row).map((v, i) => v * scale[i])
  }
  const e = (index: number): number[] => {
    const late = o.conditioning === 'decoupled' && index >= o.split
    return plus(...signals(late).map(([, embedding]) => embedding)).map(silu)
  }
  const block = (name: string, index: number, rows: Matrix): Matrix => {
    if (o.injection === 'tokens') {
      const [gate1, gate2] = [array(`${name}.gate1`), array(`${name}.gate2`)]
      const mixed = gated(
        rows,
        gate1,
        attention(
          name,
          rows.map(row => scaled(row, `${name}.norm1`)),
        ),
      )
      return gated(
        mixed,
        gate2,
        mixed.map(row => perceptron(name, scaled(row, `${name}.norm2`))),
      )
    }
    const [b1, a1, g1, b2, a2, g2] = chunks(name, e(index))
    const mixed = gated(
      rows,
      g1,
      attention(
        name,
        rows.map(row => modulated(row, b1, a1)),
      ),
    )
    return gated(
      mixed,
      g2,
      mixed.map(row => perceptron(name, modulated(row, b2, a2))),
    )
  }
  const own = o.depth - o.velocityHead
  const end = times(o.depth).reduce((rows, i) => block(`${i < own ? '' : prefix}blocks.${i}`, i, rows), [
    ...tokens,
    ...patches,
  ] as Matrix)
  const final = `${prefix}final`
  const out = end.slice(tokens.length).map(row => {
    if (o.injection === 'tokens') return linear(`${final}.out`, scaled(row, `${final}.norm`))
    const [b, a] = chunks(final, e(o.depth))
    return linear(`${final}.out`, modulated(row, b, a))
  })
  const picture = new Array<number>(height * width * channels)
  places.forEach(([row, column], n) => {
    out[n].forEach((value, k) => {
      const [i, j, channel] = [Math.floor(k / (p * channels)), Math.floor(k / channels) % p, k % channels]
      picture[pixel(row * high + i, column * p + j, channel)] = o.outputScale ? w * value : value
    })
  })
  return picture
}
