import type { Tensor } from '../autodiff/index.ts'
import type { PointSpec } from './network.ts'

/** Whether a network sees points on `(1-s) x0 + s eps`, `x0` one-hot, brought to one size at every time: `x c(s)`. */
export const scalesInput = ({ space }: Pick<PointSpec, 'space'>): boolean => space === 'simplex'

/** `x c(s)`, `c(s) = ((1-s)^2 + s^2)^(-1/2)`; times are of a shape that broadcasts against the points. */
export const scaledInput = (x: Tensor, s: Tensor): Tensor =>
  x.div(s.neg().add(1).square().add(s.square()).sqrt())
