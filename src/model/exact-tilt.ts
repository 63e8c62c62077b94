import { EigenvalueDecomposition, LuDecomposition, Matrix } from 'ml-matrix'
import { logSumExp } from './log-sum-exp.ts'
import type { Mixture, MixtureComponent } from './mixture.ts'
import type { Quadratic } from './quadratic.ts'

/** A component by its covariance `[D][D]`. */
export interface GaussianComponent {
  readonly weight: number
  readonly mean: readonly number[]
  readonly covariance: readonly (readonly number[])[]
}

/** A law that is proportional to `p(x) e^{q(x)}`. */
export interface Tilted {
  readonly components: readonly GaussianComponent[]
  /** `log E_p[e^q]` */
  readonly logZ: number
}

const column = (values: readonly number[]): Matrix => Matrix.columnVector([...values])
const square = (rows: readonly (readonly number[])[]): Matrix => new Matrix(rows.map(row => [...row]))
const dot = (a: Matrix, b: Matrix): number => a.transpose().mmul(b).get(0, 0)
const scalarMatrix = (size: number, value: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? value : 0)))

/** The covariance of a component, `axes diag(scales^2) axes'`. */
function covarianceOf({ scales, axes }: MixtureComponent): number[][] {
  const variances = Matrix.diag(scales.map(scale => scale * scale))
  if (!axes) return variances.to2DArray()
  const turn = square(axes)
  return turn.mmul(variances).mmul(turn.transpose()).to2DArray()
}

/** Gaussians as the components of a mixture, whose covariances are along principal axes. */
export function mixtureOf(components: readonly GaussianComponent[]): Mixture {
  return {
    components: components.map(({ weight, mean, covariance }) => {
      const isDiagonal = covariance.every((row, i) => row.every((value, j) => i === j || value === 0))
      if (isDiagonal) return { weight, mean, scales: covariance.map((row, i) => Math.sqrt(row[i])) }
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(square(covariance), {
        assumeSymmetric: true,
      })
      return { weight, mean, scales: realEigenvalues.map(Math.sqrt), axes: eigenvectorMatrix.to2DArray() }
    }),
  }
}

/**
 * `E[e^q]` of a Gaussian, and the Gaussian that `e^q` tilts it to. With `g` the gradient of `q` at the mean and `S` the
 * covariance: `S' = (I + S A)^{-1} S`, `mean' = mean + S' g`, `log E = q(mean) + g' S' g / 2 - log det(I + S A) / 2`. Only
 * `I + S A` is inverted, so `S` may be singular.
 *
 * @throws RangeError when `e^q` grows so fast that it has no mean
 */
export function tiltGaussian(
  mean: readonly number[],
  covariance: readonly (readonly number[])[],
  { A, center, b, constant }: Quadratic,
): { readonly mean: number[]; readonly covariance: number[][]; readonly logZ: number } {
  const [S, curvature, mu] = [square(covariance), square(A), column(mean)]
  const fromCenter = Matrix.sub(mu, column(center))
  const slope = Matrix.sub(column(b), curvature.mmul(fromCenter))
  const lu = new LuDecomposition(Matrix.add(Matrix.eye(mean.length), S.mmul(curvature)))
  const determinant = lu.determinant
  const after = lu.solve(S)
  const symmetric = Matrix.add(after, after.transpose()).mul(0.5)
  if (!(determinant > 0) || symmetric.diagonal().some(variance => variance < 0)) {
    throw new RangeError('the reward grows so fast that the tilted law has no mass')
  }
  const at = constant + dot(column(b), mu) - dot(fromCenter, curvature.mmul(fromCenter)) / 2
  const move = symmetric.mmul(slope)
  return {
    mean: Matrix.add(mu, move).to1DArray(),
    covariance: symmetric.to2DArray(),
    logZ: at + dot(slope, move) / 2 - Math.log(determinant) / 2,
  }
}

/**
 * The law `p(x) e^{q(x)} / Z` of a Gaussian mixture, a Gaussian mixture again.
 *
 * @throws RangeError when it has no mass
 */
export function tilted({ components }: Mixture, q: Quadratic): Tilted {
  const parts = components.map(component => tiltGaussian(component.mean, covarianceOf(component), q))
  const logWeights = parts.map(({ logZ }, k) => Math.log(components[k].weight) + logZ)
  const logZ = logSumExp(logWeights)
  return {
    components: parts.map(({ mean, covariance }, k) => ({
      weight: Math.exp(logWeights[k] - logZ),
      mean,
      covariance,
    })),
    logZ,
  }
}

/**
 * `p(x0 | alpha x0 + sigma eps = x)` of a Gaussian mixture; `logZ` is the logarithm of the density of `x`.
 *
 * @param sigma  above 0
 */
export function posterior(mixture: Mixture, x: readonly number[], alpha: number, sigma: number): Tilted {
  const D = x.length
  const precision = 1 / (sigma * sigma)
  const norm = x.reduce((sum, value) => sum + value * value, 0)
  return tilted(mixture, {
    A: scalarMatrix(D, alpha * alpha * precision),
    center: new Array<number>(D).fill(0),
    b: x.map(value => alpha * value * precision),
    constant: -(norm * precision + D * Math.log(2 * Math.PI * sigma * sigma)) / 2,
  })
}

/**
 * `log N(y; H x, sd^2 I)` of an observation of `x`.
 *
 * @param H  `[m][D]`
 * @param y  `[m]`
 */
export function observationLogLikelihood(
  H: readonly (readonly number[])[],
  y: readonly number[],
  sd: number,
): Quadratic {
  const [rows, precision] = [square(H), 1 / (sd * sd)]
  const norm = y.reduce((sum, value) => sum + value * value, 0)
  return {
    A: rows.transpose().mmul(rows).mul(precision).to2DArray(),
    center: new Array<number>(rows.columns).fill(0),
    b: rows.transpose().mmul(column(y)).mul(precision).to1DArray(),
    constant: -(norm * precision + y.length * Math.log(2 * Math.PI * sd * sd)) / 2,
  }
}

/** The mean of a law. */
export function meanOf({ components }: Pick<Tilted, 'components'>): number[] {
  return components[0].mean.map((_, i) => components.reduce((sum, c) => sum + c.weight * c.mean[i], 0))
}

/** The covariance of a law, `[D][D]`. */
export function covarianceOfLaw(law: Pick<Tilted, 'components'>): number[][] {
  const mean = meanOf(law)
  return mean.map((_, i) =>
    mean.map((_, j) =>
      law.components.reduce(
        (sum, { weight, mean: m, covariance }) =>
          sum + weight * (covariance[i][j] + (m[i] - mean[i]) * (m[j] - mean[j])),
        0,
      ),
    ),
  )
}

/** What steering by a quadratic `q` is after, at a point `x` at a time of a path where `sigma > 0`. */
export interface ExactAhead {
  /** The value `V* = log E[e^{q(x0)} | x_t = x]`. */
  readonly value: number
  /** By `x`: `alpha (D~ - D)/sigma^2`, `D` the mean of the posterior and `D~` that of the tilted one. */
  readonly gradient: number[]
  /** `D = E[x0 | x_t = x]` */
  readonly denoised: number[]
  /** `D~ = E[x0 e^q | x_t = x] / E[e^q | x_t = x]` */
  readonly tiltedDenoised: number[]
}

/** The exact value of a point, its gradient, and the two denoised points. */
export function exactAhead(
  mixture: Mixture,
  q: Quadratic,
  x: readonly number[],
  alpha: number,
  sigma: number,
): ExactAhead {
  const before = posterior(mixture, x, alpha, sigma)
  const after = tilted(mixtureOf(before.components), q)
  const [denoised, tiltedDenoised] = [meanOf(before), meanOf(after)]
  return {
    value: after.logZ,
    gradient: denoised.map((value, i) => (alpha * (tiltedDenoised[i] - value)) / (sigma * sigma)),
    denoised,
    tiltedDenoised,
  }
}
