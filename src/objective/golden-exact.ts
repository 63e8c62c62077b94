import { z } from 'zod'
import { constant, evaluate, spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Denoiser, exactJump, finiteDenoiser, markovDenoiser } from '../model/categorical/exact.ts'
import { markovLogProbability, perplexityOf, symbolEntropy } from '../model/categorical/markov-law.ts'
import { argmaxShare, argmaxTime } from './argmax-law.ts'
import type { Agreement } from './golden-agreement.ts'

const row = z.array(z.number())
const points = z.array(z.array(row))
const finiteSchema = z.object({
  data: z.array(row),
  weights: row,
  alphabet: z.int(),
  ...{ x: points, s: row, t: row, denoised: points, jump: points, psi: points },
  tolerance: z.number(),
})
const markovSchema = z.object({
  start: row,
  transition: z.array(row),
  ...{ x: points, s: row, denoised: points },
  sequences: z.array(row),
  logProbability: row,
  perplexity: z.number(),
  sampleEntropy: row,
})
const lawSchema = z.object({
  alphabet: z.int(),
  lambda: z.number(),
  ...{ p: row, t: row, hit: row },
  tolerance: z.number(),
})

/** Steps in log time after which the jump is exact to 1e-10. */
const STEPS = 400

const apart = (found: ArrayLike<number>, expected: readonly number[]): number =>
  Math.max(...expected.map((x, i) => Math.abs(found[i] - x) / Math.max(1, Math.abs(x))))

function numbersOf(of: (x: Tensor) => Tensor, x: z.infer<typeof points>): number[] {
  const shape = [x.length, x[0].length, x[0][0].length]
  const graph = trace(({ x }) => of(x as Tensor), { x: spec(shape, 'float64') })
  return [...evaluate(graph, [{ shape, data: Float64Array.from(x.flat(2)) }])[0].data].map(Number)
}
const times = (s: readonly number[]) => constant([...s], [s.length, 1, 1], 'float64')
const denoisedBy = (denoiser: Denoiser, x: z.infer<typeof points>, s: readonly number[]) =>
  numbersOf(x => denoiser(x, times(s)), x)

const agreement = (term: string, errors: Readonly<Record<string, number>>, tolerance: number): Agreement => ({
  term,
  errors,
  passed: Object.values(errors).every(error => error <= tolerance),
})

/** Compares the exact denoiser and jump of finitely many sequences, in float64. */
export function checkFinite(json: unknown): Agreement {
  const { data, weights, alphabet, x, s, t, denoised, jump, psi, tolerance } = finiteSchema.parse(json)
  const denoiser = finiteDenoiser({ sequences: data, probabilities: weights }, alphabet)
  // A step is one graph: all of them would be thousands of nodes.
  let at = x.flat(2)
  const [N, L, K] = [x.length, x[0].length, x[0][0].length]
  const rows = (flat: readonly number[]) =>
    Array.from({ length: N }, (_, i) =>
      Array.from({ length: L }, (_, l) => flat.slice((i * L + l) * K, (i * L + l + 1) * K)),
    )
  const clock = (part: number) => s.map((from, i) => from * (t[i] / from) ** part)
  for (let step = 0; step < STEPS; step++) {
    const [from, to] = [step / STEPS, (step + 1) / STEPS].map(clock)
    at = numbersOf(x => exactJump(denoiser, x, times(from), times(to), 1), rows(at))
  }
  const flat = x.flat(2)
  const found = at.map((value, i) => {
    const kept = t[Math.floor(i / (L * K))] / s[Math.floor(i / (L * K))]
    return (value - kept * flat[i]) / (1 - kept)
  })
  const errors = {
    denoised: apart(denoisedBy(denoiser, x, s), denoised.flat(2)),
    jump: apart(at, jump.flat(2)),
    psi: apart(found, psi.flat(2)),
  }
  return agreement('exact', errors, tolerance)
}

/** Compares the exact denoiser of a Markov chain, and what is measured of its sequences. */
export function checkMarkov(json: unknown): Agreement {
  const { start, transition, x, s, denoised, sequences, ...known } = markovSchema.parse(json)
  const logs = sequences.map(symbols => markovLogProbability({ initial: start, transition }, symbols))
  const errors = {
    denoised: apart(denoisedBy(markovDenoiser({ initial: start, transition }), x, s), denoised.flat(2)),
    logProbability: apart(logs, known.logProbability),
    perplexity: apart([perplexityOf(logs, sequences[0].length)], [known.perplexity]),
    sampleEntropy: apart(sequences.map(symbolEntropy), known.sampleEntropy),
  }
  return agreement('markov', errors, 1e-9)
}

/** Compares the time law `argmax`, mixed with the uniform one by `1 - lambda`. */
export function checkLaw(json: unknown): Agreement {
  const { alphabet, lambda, p, t, hit, tolerance } = lawSchema.parse(json)
  const found = p.map(p => lambda * argmaxTime(p, alphabet) + (1 - lambda) * p)
  const errors = {
    t: apart(found, t),
    hit: apart(
      p.map(t => argmaxShare(t, alphabet)),
      hit,
    ),
  }
  return agreement('law', errors, tolerance)
}
