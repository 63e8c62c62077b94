import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import type { Dataset, MixtureComponent } from './dataset.ts'
import { DataError } from './error.ts'
import { generated } from './generated.ts'
import { mixtureSampler } from './mixture.ts'
import { show } from './show.ts'
import { validate } from './validate.ts'

const positive = z.number().positive()
const mean = z.array(z.number()).min(1)
const std = z.union([positive, z.array(positive)], {
  error: 'expected a positive number or a list of positive numbers',
})
const component = z.strictObject({
  weight: positive.optional(),
  mean,
  std: std.optional(),
  covariance: z.array(z.array(z.number())).optional(),
})

const mixtureSchema = z.strictObject({ components: z.array(component).min(1) })
const gaussianSchema = z.strictObject({ mean, std })

/**
 * A Gaussian mixture as a user writes it. A component has a `weight` (default 1; weights are normalised), a `mean`
 * (`[D]`) and either a `std` (a number, or one per column) or a `covariance` (`[D][D]`).
 */
export type MixtureConfig = z.input<typeof mixtureSchema>
/** A Gaussian as a user writes it: a `mean` (`[D]`) and a `std` (a number, or one per column). */
export type GaussianConfig = z.input<typeof gaussianSchema>

/**
 * The dataset of a Gaussian mixture; its `mixture` holds each covariance as scales along orthonormal axes.
 *
 * @throws {DataError} on unknown keys, non-finite numbers, mixed dimensions, a component with both or neither of
 *   `std` and `covariance`, and a covariance that is not symmetric or not positive definite
 */
export function gaussianMixture(config: MixtureConfig, name = 'mixture'): Dataset {
  const parameters = validate(mixtureSchema, config, 'mixture')
  const dimension = parameters.components[0].mean.length
  const total = parameters.components.reduce((sum, { weight = 1 }) => sum + weight, 0)
  if (!Number.isFinite(total)) throw new DataError('mixture: the weights are too large to be summed')
  const components = parameters.components.map(({ weight = 1, mean, std, covariance }, index) => {
    const where = `mixture.components[${index}]`
    if (mean.length !== dimension) {
      throw new DataError(`${where}.mean: expected ${dimension} numbers like the first, found ${mean.length}`)
    }
    if ((std === undefined) === (covariance === undefined)) {
      const found = std === undefined ? 'neither' : 'both'
      throw new DataError(`${where}: expected one of std and covariance, found ${found}`)
    }
    const shape = covariance
      ? decompose(covariance, dimension, `${where}.covariance`)
      : { scales: expand(std!, dimension, `${where}.std`) }
    return { weight: weight / total, mean, ...shape }
  })
  const mixture = { components }
  const labels = components.length > 1 && { labels: { names: components.map((_, i) => String(i)) } }
  return generated({ name, parameters, dimension, mixture, ...labels, sample: mixtureSampler(mixture) })
}

/**
 * A single Gaussian, a mixture of one.
 *
 * @throws {DataError} as `gaussianMixture`
 */
export function gaussian(config: GaussianConfig, name = 'gaussian'): Dataset {
  return gaussianMixture({ components: [validate(gaussianSchema, config, 'gaussian')] }, name)
}

function expand(std: number | number[], dimension: number, where: string): number[] {
  if (typeof std === 'number') return new Array<number>(dimension).fill(std)
  if (std.length === dimension) return std
  throw new DataError(`${where}: expected a number or ${dimension} numbers, found ${std.length}`)
}

/** Scales and axes of a covariance: the square roots of its eigenvalues, and its eigenvectors as columns. */
function decompose(
  covariance: number[][],
  dimension: number,
  where: string,
): Pick<MixtureComponent, 'scales' | 'axes'> {
  if (covariance.length !== dimension || covariance.some(row => row.length !== dimension)) {
    throw new DataError(
      `${where}: expected ${dimension} rows of ${dimension} numbers, found ${show(covariance)}`,
    )
  }
  const largest = Math.max(...covariance.flat().map(Math.abs))
  const asymmetric = (i: number, j: number) => Math.abs(covariance[i][j] - covariance[j][i]) > 1e-9 * largest
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j < i; j++) {
      if (!asymmetric(i, j)) continue
      const [upper, lower] = [covariance[j][i], covariance[i][j]]
      throw new DataError(
        `${where}: expected a symmetric matrix, found [${j}][${i}] = ${upper}, [${i}][${j}] = ${lower}`,
      )
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(covariance), {
    assumeSymmetric: true,
  })
  const smallest = Math.min(...realEigenvalues)
  if (!(smallest > 1e-12 * largest)) {
    throw new DataError(
      `${where}: expected a positive definite matrix, found the eigenvalue ${smallest.toPrecision(6)}`,
    )
  }
  return { scales: realEigenvalues.map(Math.sqrt), axes: eigenvectorMatrix.to2DArray() }
}
