import type { Tensor } from '../../autodiff/index.ts'
import { identity } from './pairs.ts'

/** The mean `[..., K]` of features and their covariance `[..., K, K]`; leading axes are of several laws. */
export interface Moments {
  readonly mean: Tensor
  readonly covariance: Tensor
}

const trace = (a: Tensor): Tensor => a.mul(identity(a.shape.at(-1)!, a)).sum([-2, -1])

/** Numbers of laws as factors of their matrices. */
const factor = (a: Tensor): Tensor => a.reshape([...a.shape, 1, 1])

/** Products that reach 1e-14 in float64 at a condition of 1e5. */
const ITERATIONS = 20

/**
 * The square root of positive matrices `[..., K, K]`, and its inverse, by the coupled iteration of Newton and Schulz, which takes
 * products only.
 */
export function squareRoots(a: Tensor, iterations = ITERATIONS): { root: Tensor; inverse: Tensor } {
  const I = identity(a.shape.at(-1)!, a)
  const size = factor(a.square().sum([-2, -1]).sqrt())
  let [Y, Z] = [a.div(size), I.broadcastTo(a.shape)]
  for (let i = 0; i < iterations; i++) {
    const T = I.mul(3).sub(Z.matmul(Y)).mul(0.5)
    ;[Y, Z] = [Y.matmul(T), T.matmul(Z)]
  }
  return { root: Y.mul(size.sqrt()), inverse: Z.div(size.sqrt()) }
}

/** The Frechet distance of two laws by their moments, and the affine map `f -> mean' + T (f - mean)` from one to the other. */
export interface Transport {
  /** `|m-m'|^2 + tr(C + C' - 2 (C^1/2 C' C^1/2)^1/2)`, `[...]`. */
  readonly distance: Tensor
  /** `C^-1/2 (C^1/2 C' C^1/2)^1/2 C^-1/2`, `[..., K, K]`, symmetric. */
  readonly matrix: Tensor
}

/** Least of what is added to a diagonal: a law of a single point has a root too. */
const LEAST = 1e-12

/** @param ridge  times `tr(C)/K` is added to the diagonal of both covariances where roots are taken */
export function transport(of: Moments, to: Moments, ridge = 0, iterations = ITERATIONS): Transport {
  const K = of.mean.shape.at(-1)!
  const I = identity(K, of.mean)
  const raised = (C: Tensor) =>
    ridge === 0
      ? C
      : C.add(
          I.mul(
            factor(
              trace(of.covariance)
                .mul(ridge / K)
                .maximum(LEAST),
            ),
          ),
        )
  const [C, D] = [of, to].map(({ covariance }) => raised(covariance))
  const { root, inverse } = squareRoots(C, iterations)
  const product = root.matmul(D).matmul(root)
  // Exact products are symmetric; rounding that is not would grow in the next iteration.
  const { root: middle } = squareRoots(product.add(product.transpose()).mul(0.5), iterations)
  const gap = of.mean.sub(to.mean)
  const distance = gap.square().sum(-1).add(trace(C)).add(trace(D)).sub(trace(middle).mul(2))
  return { distance, matrix: inverse.matmul(middle).matmul(inverse) }
}

/** `x y^T` of vectors `[..., K]`. */
export const outer = (x: Tensor, y: Tensor): Tensor =>
  x.reshape([...x.shape, 1]).mul(y.reshape([...y.shape.slice(0, -1), 1, y.shape.at(-1)!]))
