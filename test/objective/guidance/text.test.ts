import { describe, expect, test } from 'vitest'
import { constant, evaluate, grad, spec, type Tensor, trace } from '../../../src/autodiff/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { finiteDenoiser } from '../../../src/model/categorical/exact.ts'
import {
  type CategoricalDraw,
  crossEntropy,
  guidedCrossEntropy,
  taughtCrossEntropy,
} from '../../../src/objective/categorical.ts'
import { guidedMean } from '../../../src/objective/guidance.ts'
import { random } from '../../../src/random/random.ts'
import { guidedInner, guidedProbabilities } from '../../../src/serialization/guidance.ts'
import type { InnerMap } from '../../../src/serialization/inner-map.ts'
import { guidedChecks } from './logits.ts'

const [L, K, N] = [3, 5, 6]
const { law, classOf } = generatedDataset('sums').language!
/** The sums of a class, or all of them. */
function lawOf(k?: number) {
  const sequences = law!.sequences.filter(symbols => k === undefined || classOf!(symbols) === k)
  return { sequences, probabilities: sequences.map(() => 1 / sequences.length) }
}
const source = random(3, 'points')
const noisy = Float64Array.from({ length: N * L * K }, () => source.normal())

/** The exact denoiser of a class at points, in float64. */
function denoised(s: number, k?: number): Float32Array {
  const graph = trace(({ x }) => finiteDenoiser(lawOf(k), K)(x, constant(s, [N, 1, 1], x.dtype)), {
    x: spec([N, L, K], 'float64'),
  })
  return Float32Array.from(evaluate(graph, [{ shape: [N, L, K], data: noisy }])[0].data)
}
const S = 0.9
const [D0, Dc] = [denoised(S), denoised(S, 3)]
/** Symbols that a class never has get a logarithm that is finite. */
const logs = (D: Float32Array) => D.map(p => Math.log(Math.max(p, 1e-9)))
const [z0, zc] = [logs(D0), logs(Dc)]

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))
const by = (w: number) => guidedProbabilities(z0, zc, w, K)
const sums = (D: Float32Array) =>
  Array.from({ length: N * L }, (_, i) => D.subarray(i * K, (i + 1) * K).reduce((a, b) => a + b))

/** An exact map whose network is a table of logits. */
function mapOf(D: Float32Array, z: Float32Array, logits = true): InnerMap {
  const points = async (x: Float32Array, s: number, t: number) =>
    x.map((value, i) => (t / s) * value + (1 - t / s) * D[i])
  return {
    jump: points,
    velocity: async (x, s) => x.map((value, i) => (value - D[i]) / s),
    ...(logits && { logits: async () => z }),
  }
}
const at = Float32Array.from(noisy)
const guided = (form: 'velocity' | 'logit', scale: number, rest = {}) =>
  guidedInner('m', { scale, form, ...rest }, 'psd-simplex', mapOf(Dc, zc), mapOf(D0, z0), K)
/** `D = x - s V`. */
const meanOf = async (form: 'velocity' | 'logit', w: number, rest = {}) => {
  const V = await guided(form, w, rest).velocity(at, S)
  return at.map((value, i) => value - S * V[i])
}

describe('guidance of exact text', () => {
  test('a class has its own exact denoiser', () => {
    expect(farthest(D0, Dc)).toBeGreaterThan(0.3)
  })

  test.each(['velocity', 'logit'] as const)('%s is D_0 at 0 and D_c at 1', async form => {
    expect(farthest(await meanOf(form, 0), D0)).toBeLessThan(1e-5)
    expect(farthest(await meanOf(form, 1), Dc)).toBeLessThan(1e-5)
  })

  test('at 2 the forms differ, and only logits stay probabilities', async () => {
    const [plain, logit] = [await meanOf('velocity', 2), await meanOf('logit', 2)]
    expect(farthest(plain, logit)).toBeGreaterThan(0.05)
    expect(Math.min(...plain)).toBeLessThan(-0.05)
    expect(Math.min(...by(2))).toBeGreaterThanOrEqual(0)
    expect(farthest(sums(by(2)), new Array(N * L).fill(1))).toBeLessThan(1e-5)
    expect(farthest(logit, by(2))).toBeLessThan(1e-5)
  })

  test('not so the probabilities of a class alone, sharpened', () => {
    expect(farthest(guidedProbabilities(new Float32Array(z0.length), zc, 2, K), by(2))).toBeGreaterThan(0.05)
  })

  test('acts in its interval, and on jumps where that is allowed', async () => {
    expect(farthest(await meanOf('logit', 2, { interval: [0, 0.5] }), Dc)).toBeLessThan(1e-5)
    await expect(guided('logit', 2).jump(at, S, 0)).rejects.toThrow('--guidance-on-jumps')
    const jumped = await guided('logit', 2, { onJumps: true }).jump(at, S, 0)
    expect(farthest(jumped, by(2))).toBeLessThan(1e-6)
  })

  test('logits are asked of a map that has them', () => {
    const [told, untold] = [mapOf(Dc, zc, false), mapOf(D0, z0, false)]
    expect(() => guidedInner('m', { scale: 2, form: 'logit' }, 'psd', told, untold)).toThrow(
      /^m: guidance: the form logit is of maps of text/,
    )
  })
})

describe('guided cross-entropy', () => {
  const W = 2
  /** The largest slope of the mean loss over data of the class, at logits `(1-v) z_0 + v z_c`. */
  function slopeAt(v: number, loss: (draw: CategoricalDraw) => Tensor): number {
    const graph = trace(
      ({ z }) => {
        const mean = constant(Dc, [N, L, K], 'float64')
        const time = constant(S, [N, 1, 1], 'float64')
        const path = { x0: mean, at: () => mean } as unknown as CategoricalDraw['path']
        return grad((z: Tensor) => {
          const map = { logits: () => z }
          return loss({ map, target: map, path, s: time, t: time, m: time }).sum()
        })(z)
      },
      { z: spec([N, L, K], 'float64') },
    )
    const z = Float64Array.from(z0, (value, i) => value + v * (zc[i] - value))
    return Math.max(...evaluate(graph, [{ shape: [N, L, K], data: z }])[0].data.map(Math.abs))
  }
  const rule = (w: number) => (draw: CategoricalDraw) => {
    const untold = { logits: () => constant(z0, [N, L, K], 'float64') }
    return guidedCrossEntropy({ scale: constant(w, [N, 1, 1], 'float64'), untold })(draw)
  }

  test('is least at the guided logits', () => {
    expect(slopeAt(W, rule(W))).toBeLessThan(1e-6)
  })

  test('and not elsewhere', () => {
    expect(slopeAt(1, rule(W))).toBeGreaterThan(1e-3)
    expect(slopeAt(W, rule(1.5))).toBeGreaterThan(1e-3)
    expect(slopeAt(W, crossEntropy)).toBeGreaterThan(1e-3)
  })

  const fixed = (values: Float32Array | number, shape = [N, L, K]) =>
    constant(
      typeof values === 'number' ? values : [...values],
      typeof values === 'number' ? [N, 1, 1] : shape,
      'float64',
    )

  test('with a part of its own is least at the same logits', () => {
    // The student's own logits are stopped in the target, and are those where the slope is taken.
    const mix = (v: number, w: number, k: number) => (draw: CategoricalDraw) => {
      const own = Float32Array.from(z0, (value, i) => value + v * (zc[i] - value))
      const keys = { scale: fixed(w), untold: { logits: () => fixed(z0) } }
      return guidedCrossEntropy({ ...keys, own: { part: fixed(k), map: { logits: () => fixed(own) } } })(draw)
    }
    expect(slopeAt(W, mix(W, W, 0.6))).toBeLessThan(1e-5)
    expect(slopeAt(1, mix(1, W, 0.6))).toBeGreaterThan(1e-3)
    expect(slopeAt(W, mix(W, 1.5, 0.6))).toBeGreaterThan(1e-3)
    expect(slopeAt(1, mix(1, 1, 0))).toBeLessThan(1e-6)
  })

  test('of a teacher is least at its guided logits, by the logits or read off its velocity', () => {
    const x = fixed(Float32Array.from(noisy))
    const velocity = (D: Float32Array) => () => x.sub(fixed(D)).div(S)
    const [bare, full] = [{}, { logits: true }].map(({ logits }: { logits?: boolean }) => {
      const fieldOf = (D: Float32Array, z: Float32Array) => ({
        velocity: velocity(D),
        ...(logits && { logits: () => fixed(z) }),
      })
      return [fieldOf(D0, z0), fieldOf(Dc, zc)]
    })
    const rule = ([untold, told]: typeof bare) =>
      taughtCrossEntropy((_, s) => guidedMean(untold, told, x, s, fixed(W)))
    expect(slopeAt(W, rule(full))).toBeLessThan(1e-6)
    // Probabilities that are rounding have no logarithm there.
    expect(slopeAt(W, rule(bare))).toBeLessThan(1e-4)
    expect(slopeAt(1, rule(full))).toBeGreaterThan(1e-3)
    expect(slopeAt(W, rule([full[0], full[0]]))).toBeGreaterThan(1e-3)
  })

  test('at scale 1 is cross-entropy', () => {
    expect(slopeAt(1, rule(1))).toBeLessThan(1e-6)
    expect(slopeAt(1, crossEntropy)).toBeLessThan(1e-6)
  })

  test('has the value and the gradients of what is written out', () => {
    const checks = [...guidedChecks({ guidedCrossEntropy, taughtCrossEntropy })]
    expect(checks.length).toBe(3)
    for (const [name, passes] of checks) expect(passes, name).toBe(true)
  })
})
