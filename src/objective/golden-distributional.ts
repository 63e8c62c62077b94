import { z } from 'zod'
import { concat, constant, type Tensor } from '../autodiff/index.ts'
import { fromVelocity, policyAt } from '../model/index.ts'
import { progressive } from './compositional.ts'
import { boot, bootBoundary } from './data-free.ts'
import { UnknownRowError } from './golden.ts'
import type { GivenTerm, Terms } from './golden-given-term.ts'
import type { Loss } from './loss.ts'
import { cafmCritic, cafmMap, ganCritic, ganMap } from './matching/critic.ts'
import { drifting } from './matching/drifting.ts'
import { frechetOf } from './matching/frechet.ts'
import { oneClass, withCovariance } from './matching/frechet-memory.ts'
import { type GameName, games } from './matching/games.ts'
import { imm } from './matching/imm.ts'
import { type Inner, tmdHead } from './matching/levels.ts'
import { imitation } from './matching/policy.ts'
import { dmd, fakeScore, moment, momentFake, sid } from './matching/score.ts'
import { type MatchingWeight, matchingWeights } from './matching/weights.ts'

/** A term whose options are checked. @throws UnknownRowError at options that it does not know */
const termOf =
  <O extends object>(options: z.ZodType<O>, lossOf: (options: O) => Loss) =>
  (given: GivenTerm): Tensor =>
    lossOf(checked(options, given.options))(given.draw)

/** @throws UnknownRowError at options that a term does not know */
function checked<O extends object>(options: z.ZodType<O>, given: GivenTerm['options']): O {
  const { success, data, error } = options.safeParse(given)
  if (success) return data
  throw new UnknownRowError(z.prettifyError(error).replaceAll('\n', ' '))
}

const count = z.int().positive()
const policyOptions = z.strictObject({ components: count, substeps: count })

const none = z.strictObject({})
const game = { loss: z.enum(Object.keys(games) as [GameName]).default('logistic') }
const noNumber = z.number().min(0).default(0)
const row = z.array(z.number())
const vectorOf = (values: number[]): Tensor => constant(values, [values.length], 'float64')
const matrixOf = (values: number[][]): Tensor =>
  constant(values.flat(), [values.length, values[0].length], 'float64')

/** `x_s`, as it is or on the path. */
const startOf = (given: GivenTerm): Tensor =>
  given.holds('xs') ? given.batch('xs') : given.draw.path.at(given.draw.s)

/** Terms of the relatives, which match distributions in the place of trajectories. */
export const distributionalTerms: Terms = {
  'dmd:generator': termOf(
    z.strictObject({
      weight: z.enum(Object.keys(matchingWeights) as [MatchingWeight]).default('published'),
    }),
    ({ weight }) => dmd(weight),
  ),
  'dmd:fake': termOf(none, () => fakeScore),
  'sid:generator': termOf(
    z.strictObject({ alpha: z.number().default(0.5), weight: z.enum(['published', 'none']).optional() }),
    ({ alpha, weight }) => sid(alpha, weight),
  ),
  'sid:fake': termOf(none, () => fakeScore),
  'moment:generator': termOf(none, () => moment),
  'moment:fake': termOf(none, () => momentFake),
  'gan:generator': termOf(z.strictObject({ ...game, r1: noNumber }), ({ loss }) => ganMap(loss)),
  'gan:critic': termOf(z.strictObject({ ...game, r1: noNumber }), ({ loss, r1 }) => ganCritic(loss, r1)),
  'cafm:generator': termOf(z.object({ transport: noNumber }), ({ transport }) => cafmMap(transport)),
  imm: termOf(
    z.strictObject({
      group: z.int().min(1),
      sigmaData: z.number(),
      a: z.number(),
      b: z.number(),
      k: z.number().optional(),
      kernel: z.enum(['laplace', 'gaussian']).optional(),
      diagonal: z.boolean().default(true),
    }),
    ({ group, k: _, ...options }) =>
      draw =>
        imm(options)({ ...draw, group }),
  ),
  drifting: termOf(
    z.strictObject({
      kernel: z.enum(['laplace', 'gaussian']).default('laplace'),
      normalisation: z.enum(['separate', 'joint']).default('separate'),
      normaliseDrift: z.boolean().default(true),
      temperatures: z.array(z.number().positive()),
      attraction: z.number().default(1),
      repulsion: z.number().default(1),
    }),
    drifting,
  ),
  frechet: termOf(
    z.strictObject({
      beta: z.number().min(0).max(1),
      epsilon: z.number().default(0.01),
      memory: z.strictObject({ mean: row, second: z.array(row) }),
      reference: z.strictObject({ mean: row, covariance: z.array(row) }),
    }),
    ({ memory, reference, ...options }) =>
      frechetOf(
        oneClass(vectorOf(memory.mean), matrixOf(memory.second)),
        withCovariance(vectorOf(reference.mean), matrixOf(reference.covariance)),
        { ...options, iterations: 40 },
      ),
  ),
  piflow: given => {
    const { components, substeps } = checked(policyOptions, given.options)
    const xs = startOf(given)
    const keys = { shape: xs.shape.slice(1), components, substeps }
    const pi = policyAt(keys, given.network('policy'))(xs, given.draw.s)
    return imitation(pi, xs, given.draw)
  },
  boot: termOf(
    z.strictObject({ delta: z.number(), boundary: noNumber }),
    ({ delta, boundary }) =>
      draw =>
        boot(delta)(draw).add(bootBoundary(draw).mul(boundary)),
  ),
  progressive: termOf(none, () => draw => {
    const { velocity } = draw.teacher
    return progressive({ ...draw, pretrained: fromVelocity((x, s) => velocity(x, s)) })
  }),
  'tmd:head': given => {
    const { h } = checked(z.strictObject({ h: z.number().positive().optional() }), given.options)
    const { path, s, noise, error } = given.draw
    const m = given.network('backbone')(startOf(given), s, s)
    const head = given.network('head')
    const y = given.holds('y') ? given.batch('y') : path.velocity(s)
    const y1 = given.holds('y1') ? given.batch('y1') : noise
    const u: Inner = (yp, p, q) => y1.sub(head(concat([yp, m]), p, q))
    return tmdHead(u, { y, y1, p: given.batch('p'), q: given.batch('q'), error }, h)
  },
  'cafm:critic': termOf(z.object({ center: noNumber }), ({ center }) => cafmCritic(center)),
}
