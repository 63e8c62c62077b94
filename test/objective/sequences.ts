import { readFileSync } from 'node:fs'
import type { Tensor } from '../../src/autodiff/index.ts'
import { exactJump, finiteDenoiser } from '../../src/model/categorical/exact.ts'
import { type FlowMap, flowMap } from '../../src/model/index.ts'
import type { Loss } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { drawOf } from './setting.ts'

/** Finitely many sequences, of which the exact map is known. */
const file = new URL('../fixtures/golden-spaces/exact-finite.json', import.meta.url)
const { data, weights, alphabet: K } = JSON.parse(readFileSync(file, 'utf8'))
const L = data[0].length
export const COUNT = 4
export const denoiser = finiteDenoiser({ sequences: data, probabilities: weights }, K)

const source = random(7, 'categorical')
const tokens = Array.from({ length: COUNT }, (_, i) => data[i % data.length] as number[])
const hot = tokens.flat().flatMap(symbol => Array.from({ length: K }, (_, k) => Number(k === symbol)))
const noise = () => Array.from({ length: COUNT * L * K }, () => source.normal())
const points = (values: readonly number[]) => value(values, [COUNT, L, K])
const times = (...all: number[]) => value(all, [COUNT, 1, 1])
// Late enough that no probability is below the floor of the targets.
const [s, m, t] = [times(0.9, 0.85, 0.8, 0.95), times(0.7, 0.75, 0.65, 0.7), times(0.6, 0.55, 0.5, 0.6)]
const inputs = [points(hot), points(noise()), s, t, m, points(noise()), m]

/** Enough for 1e-9 over the jumps here. */
const STEPS = 24

const ofLogits = (logits: (x: Tensor, s: Tensor, t: Tensor) => Tensor): FlowMap =>
  flowMap(logits, { parameterization: 'simplex' })

/** The exact mean denoiser, by its logits. */
export const exact = ofLogits((x, s, t) => {
  // Symbols that no sequence has at a position have no probability there.
  const logOf = (psi: Tensor) => psi.maximum(1e-12).log()
  if (s === t) return logOf(denoiser(x, s))
  const kept = t.div(s)
  const F = exactJump(denoiser, x, s, t, STEPS)
  return logOf(F.sub(kept.mul(x)).div(kept.neg().add(1)))
})
/** Some map that is not exact. */
export const bent = ofLogits((x, s, t) => exact.logits!(x, s, t).add(x.sin().mul(0.3).mul(t)))
/** The same, with a constant added to the logits of each position. */
export const moved = ofLogits((x, s, t) => bent.logits!(x, s, t).add(t.mul(5).sin()))

/** A formula's loss of each sample. */
export const lossesOf = (loss: Loss, map = exact): number[] =>
  [...valuesOf((...given) => loss(drawOf({ map }, given)), ...inputs)[0].data].map(Number)

/** Rows whose loss is 0 there. */
export const EXACT: ReadonlySet<string> = new Set([
  'psd-simplex',
  'psd-velocity-simplex',
  'lsd-simplex',
  'esd-simplex',
  'csd',
])
