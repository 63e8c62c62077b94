import { constant, select, type Tensor } from '../autodiff/index.ts'
import { flat } from '../model/index.ts'
import { adaptive, type Draw, type ErrorFunction, type Loss } from './loss.ts'

/** What a network that stands still makes of points: `[B, ...D]` to `[B, F]`. */
export type Features = (points: Tensor) => Tensor

/**
 * The denoised field `N = x_s - max(s, least) V(x_s, s, t)`: what the map takes for the data point behind `x_s`. Under
 * `denoised` that is the network's own output, with the `least` that its velocity is divided by; with `s` in its place it is
 * another point below `least`. Lu et al. 2026 (pixel MeanFlow), arXiv:2601.22158.
 *
 * @param least  the smallest time that the parameterization divides by; 0 where it divides by none
 */
function denoisedField({ map, path, s, t }: Draw, least: number): Tensor {
  const x = path.at(s)
  return x.sub((least > 0 ? s.maximum(least) : s).mul(map.velocity(x, s, t)))
}

/**
 * `|f(N) - f(x0)|^2` of samples with `s < below`, and 0 of the others.
 *
 * @param error  compares features
 */
export const perceptual =
  (features: Features, below: number, least: number, error: ErrorFunction): Loss =>
  draw => {
    const distance = error(features(denoisedField(draw, least)), features(draw.path.x0))
    const s = draw.s.reshape(distance.shape)
    return select(s.less(below), distance, constant(0, [], distance.dtype))
  }

/** `sg[1/(|r|^2 + 0.01)] |r|^2`, summed over features: the weight that pixel MeanFlow gives all of its losses. */
export const perceptualError: ErrorFunction = adaptive(
  (a, b) => flat.squared(a.sub(b), 'sum'),
  1,
  0.01,
  'sum',
)
