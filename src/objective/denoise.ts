import { stopGradient } from '../autodiff/index.ts'
import {
  coefficientsOf,
  type FlowMap,
  type Interpolant,
  interpolants,
  type Predicted,
  predictions,
} from '../model/index.ts'
import { type DenoiseWeighting, denoiseWeights } from './denoise-weights.ts'
import type { Loss } from './loss.ts'

/** A map that is given by its velocity alone predicts that. */
const byVelocity = (map: FlowMap, path: Interpolant = interpolants.linear): Predicted => ({
  row: predictions.velocity,
  path,
  output: (x, s) => map.velocity(x, s),
})

/** `w(s) |N(x_s, s) - p(x0, eps)|^2`, where the network predicts `p`   Ho et al. 2020, arXiv:2006.11239 */
export const denoise =
  (weighting: DenoiseWeighting, gamma: number): Loss =>
  ({ map, path, s, error }) => {
    const { row, output, path: interpolant } = map.predicted ?? byVelocity(map, path.interpolant)
    const at = coefficientsOf(interpolant, s)
    const loss = error(output(path.at(s), s), row.fromPair(path, at))
    const weight = denoiseWeights[weighting]
    if (!weight) return loss
    return loss.mul(stopGradient(weight(at, gamma).mul(row.noiseError(at))).reshape(loss.shape))
  }
