import { z } from 'zod'
import type { Tensor } from '../../autodiff/index.ts'
import type { FlowMap } from '../../model/index.ts'
import {
  type CategoricalLoss,
  type CategoricalMap,
  crossEntropy,
  csd,
  ecld,
  esdSimplex,
  guidedCrossEntropy,
  lsdSimplex,
  psdSimplex,
  taughtCrossEntropy,
} from '../categorical.ts'
import { psdVelocity } from '../compositional.ts'
import type { Loss } from '../loss.ts'
import { residual } from '../matching/players.ts'
import { type Part, row } from '../objective.ts'
import { waveOfResidual, waveOfStudent } from '../second-wave.ts'

const source = 'src/objective/categorical.ts'
const cfm = 'Roos et al. 2026, arXiv:2602.12233'
const fmlm = 'Lee et al. 2026, arXiv:2602.16813'
const dfm = 'Potaptchik et al. 2026, arXiv:2604.09784'
const none = z.strictObject({})

const logitsOf = (map: Pick<FlowMap, 'logits'>): CategoricalMap => ({
  logits(x, s, t) {
    if (!map.logits) throw new Error('a map without logits; its parameterization is not simplex')
    return map.logits(x, s, t)
  },
})

/** A formula of logits as one of flow maps. */
const ofMaps =
  (loss: CategoricalLoss): Loss =>
  ({ map, target, path, s, t, m }) =>
    loss({ map: logitsOf(map), target: logitsOf(target), path, s, t, m })

/** On text guidance acts in the loss: the data is a target that no velocity changes. */
const guidable: Loss = draw => {
  const { guided } = draw
  if (!guided) return ofMaps(crossEntropy)(draw)
  const { scale, untold, map, kept, denoised } = guided
  if (denoised) return ofMaps(taughtCrossEntropy(denoised))(draw)
  const own = kept && { part: kept, map: logitsOf(map) }
  return ofMaps(guidedCrossEntropy({ scale, untold: logitsOf(untold), ...(own && { own }) }))(draw)
}

/** The least target time of `esdSimplex`, which says nothing of the data at 0. */
const LEAST = 1e-3
const fromLeast = (t: Tensor): Tensor => t.maximum(LEAST)

/** Trained as it stands: a divergence is no residual that a robust loss or a weight over times knows. */
const only = (loss: CategoricalLoss): readonly Part[] => [
  { name: 'consistency', loss: ofMaps(loss), plain: true },
]

const shared = {
  setting: 'self-distillation',
  parameterization: 'simplex',
  needs: ['data'],
  diagonal: 'cross-entropy',
} as const
const ground = { diagonalFraction: 0.5, clip: 1, target: 'student' } as const

/** Flow maps of sequences of symbols: losses on logits, for the parameterization `simplex`. */
export const categoricalRows = [
  row(
    {
      ...shared,
      id: 'cross-entropy',
      rule: 'diagonal',
      setting: 'velocity',
      options: none,
      parts: null,
      grounds: () => guidable,
      defaults: { diagonalFraction: 1, clip: 1 },
    },
    {
      name: 'Cross-entropy',
      formula: '-sum_k x0 log psi(x_s,s,s)',
      terms: { diagonal: '-\\sum_k x_{0,k} \\log \\psi_k(x_s,s,s)' },
      where: ['\\psi = \\mathrm{softmax}\\, z'],
      paper: cfm,
      publishedCost: null,
      source,
      code: ['crossEntropy'],
      whenToUse:
        'To train the denoiser of text: the diagonal of every row of symbols, and the baseline sampled by Euler.',
      trouble: 'One step from noise is the most frequent symbol of each position: the same text every time.',
    },
  ),
  row(
    {
      ...shared,
      id: 'psd-simplex',
      rule: 'compositional',
      options: none,
      parts: () => only(psdSimplex),
      traits: { between: true, dividesByGap: true },
      defaults: ground,
    },
    {
      name: 'Progressive self-distillation of symbols',
      formula: 'KL(sg[a psi-(x_s,s,m) + (1-a) psi-(F-(x_s,s,m),m,t)] | psi(x_s,s,t)), a = t (s-m)/(m (s-t))',
      terms: {
        consistency:
          '\\mathrm{KL}\\big(\\mathrm{sg}[a\\, \\psi^-(x_s,s,m) + (1-a)\\, \\psi^-(x_m,m,t)] \\,\\parallel\\, \\psi(x_s,s,t)\\big)',
      },
      where: ['a = \\tfrac{t (s-m)}{m (s-t)}', 'x_m = F^-(x_s,s,m)'],
      paper: dfm,
      publishedCost: null,
      source,
      code: ['psdSimplex'],
      whenToUse: 'Text in few steps: the first choice, stable from scratch.',
      trouble: 'One jump lags behind four: look at validity together with sequenceKL and distinct.',
    },
  ),
  row(
    {
      ...shared,
      id: 'lsd-simplex',
      rule: 'lagrangian',
      options: none,
      parts: () => only(lsdSimplex),
      traits: { differentiatesTime: true, startsAtTarget: true },
      defaults: { ...ground, weight: 0.1 },
    },
    {
      name: 'Lagrangian self-distillation of symbols',
      formula:
        'KL(sg[softmax(z-(F,t,t) - log(1 - g c))] | psi(x_s,s,t)), g = t (s-t)/s, c = d_t z - <psi, d_t z>',
      terms: {
        consistency:
          '\\mathrm{KL}\\big(\\mathrm{sg}[\\mathrm{softmax}(z^-(F,t,t) - \\log(1 - g c))] \\,\\parallel\\, \\psi(x_s,s,t)\\big)',
      },
      where: ['g = t (s-t)/s', 'c = \\partial_t z - \\langle \\psi, \\partial_t z \\rangle'],
      paper: dfm,
      publishedCost: null,
      source,
      code: ['lsdSimplex'],
      whenToUse: 'From a run of cross-entropy (initFrom), with a small weight.',
      trouble: 'From scratch it collapses onto a few texts, all of them valid: it sharpens towards itself.',
    },
  ),
  row(
    {
      ...shared,
      id: 'esd-simplex',
      rule: 'eulerian',
      options: none,
      parts: () => only(draw => esdSimplex({ ...draw, t: fromLeast(draw.t) })),
      traits: { differentiatesTime: true },
      defaults: { ...ground, weight: 0.1 },
    },
    {
      name: 'Eulerian self-distillation of symbols',
      formula: 'KL(sg[softmax(z-(x_s,s,s) - log(t + s (s-t) c))] | psi(x_s,s,t)), c of d_s z + J_x z . u',
      terms: {
        consistency:
          '\\mathrm{KL}\\big(\\mathrm{sg}[\\mathrm{softmax}(z^-(x_s,s,s) - \\log(t + s(s-t) c))] \\,\\parallel\\, \\psi(x_s,s,t)\\big)',
      },
      where: [
        'c = \\dot z - \\langle \\psi, \\dot z \\rangle',
        '\\dot z = \\partial_s z + J_x z \\cdot u',
        'u = \\mathrm{sg}[(x_s - \\psi^-(x_s,s,s))/s]',
      ],
      paper: dfm,
      publishedCost: null,
      source,
      code: ['esdSimplex'],
      whenToUse: 'From a run of cross-entropy (initFrom), with a small weight, to compare.',
      trouble: 'Its factor s(s-t)/t grows without bound towards the data; half of our runs lost texts.',
    },
  ),
  row(
    {
      ...shared,
      id: 'csd',
      rule: 'lagrangian',
      options: none,
      parts: () => only(csd),
      traits: { differentiatesTime: true, startsAtTarget: true },
      defaults: ground,
    },
    {
      name: 'Consistency of symbols',
      formula: '|t d_t F - sg[F] + sg[psi-(F,t,t)]|^2',
      terms: { consistency: '\\| t\\, \\partial_t F - \\mathrm{sg}[F] + \\mathrm{sg}[\\psi^-(F,t,t)] \\|^2' },
      where: ['F = F(x_s,s,t)'],
      paper: cfm,
      publishedCost: null,
      source,
      code: ['csd'],
      whenToUse:
        'Text in few steps by the Lagrangian rule: the second choice, twice the cost of psd-simplex.',
      trouble:
        'Weights jumps by the square of their target time: jumps that end at the data only learn from their neighbours.',
    },
  ),
  row(
    {
      ...shared,
      id: 'ecld',
      rule: 'lagrangian',
      options: z.strictObject({
        ce: z.number().min(0).default(4),
        energy: z.number().min(0).default(2),
        gap: z.enum(['g', 'code']).default('g'),
      }),
      parts: options => only(ecld(options)),
      traits: { differentiatesTime: true, startsAtTarget: true },
      defaults: { ...ground, weight: 0.1 },
    },
    {
      name: 'Endpoint consistency of symbols',
      formula: 'ce KL(sg[psi-(F,t,t)] | psi(x_s,s,t)) + energy b^2 |d_t psi|^2',
      terms: {
        consistency:
          'c\\, \\mathrm{KL}(\\mathrm{sg}[\\psi^-(F,t,t)] \\,\\parallel\\, \\psi(x_s,s,t)) + e\\, b^2 \\| \\partial_t \\psi \\|^2',
      },
      where: ['b = t (s-t)/s'],
      paper: cfm,
      publishedCost: null,
      source,
      code: ['ecld'],
      whenToUse: 'To compare with published text models; it is an upper bound of csd.',
      trouble:
        'Its minimum is not the exact map: the longer it trains, the more it sharpens and loses variety.',
    },
  ),
  row(
    {
      ...shared,
      id: 'psd-velocity-simplex',
      rule: 'compositional',
      diagonal: 'flow-matching',
      options: none,
      parts: () => [{ name: 'consistency', loss: psdVelocity }],
      traits: { between: true, dividesByGap: true },
      defaults: ground,
    },
    {
      name: 'Progressive self-distillation of symbols, by the mean square',
      formula: 'mse(V(x_s,s,t) - sg[w V-(x_s,s,m) + (1-w) V-(F-(x_s,s,m),m,t)]), V = (x - psi)/s',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[w\\, V^-(x_s,s,m) + (1-w)\\, V^-(x_m,m,t)] \\|^2',
      },
      where: ['V = (x - \\psi)/s', 'w = \\tfrac{m-s}{t-s}', 'x_m = F^-(x_s,s,m)'],
      paper: dfm,
      publishedCost: null,
      source: 'src/objective/compositional.ts',
      code: ['psdVelocity'],
      whenToUse: 'To compare the divergence of psd-simplex with a mean square: the target is the same.',
      trouble: 'Divides by s: small times count most.',
    },
  ),
  row(
    {
      ...shared,
      id: 'fmlm-residual',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: none,
      parts: () => [
        { name: 'student', loss: waveOfStudent },
        { name: 'residual', loss: waveOfResidual, plain: true },
      ],
      players: [residual],
      traits: { compares: 'jump', between: true },
      defaults: { diagonalFraction: 0, clip: 1, times: { law: 'argmax', between: [0.5, 0.5], clock: 'law' } },
    },
    {
      name: 'Second wave of a flow map language model',
      formula:
        'mse(F(x_s,s,t) - sg[F_r(x_s,s,t)]) + mse(F_r(x_s,s,t) - sg[F_r(F_r(x_s,s,m),m,t)]), F_r = x + d v_phi(x,s) + d^2 r(x,s,t)/2, d = t-s; the first trains the map, the second r',
      terms: {
        student: '\\| F(x_s,s,t) - \\mathrm{sg}[F_r(x_s,s,t)] \\|^2',
        residual: '\\| F_r(x_s,s,t) - \\mathrm{sg}[F_r(F_r(x_s,s,m),m,t)] \\|^2',
      },
      where: [
        'F_r(x,s,t) = x + d\\, v_\\phi(x,s) + \\tfrac{d^2}{2}\\, r(x,s,t)',
        'd = t-s',
        'p_m = \\tfrac{1}{2} (p_s + p_t)',
      ],
      paper: fmlm,
      publishedCost: null,
      source: 'src/objective/second-wave.ts',
      code: ['waveOfResidual', 'waveOfStudent'],
      whenToUse:
        'To distil a run of cross-entropy into few steps as that paper does, and compare; psd-simplex needs no teacher.',
      trouble:
        'The residual is unbounded: near the data it is large, and until it has converged, it misleads the student.',
    },
  ),
]
