import { constant, type Tensor } from '../autodiff/index.ts'
import { type Config, ConfigError, findObjective } from '../config/index.ts'
import { diagonalRows } from '../config/validate.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { mixtureEnergy } from '../model/index.ts'
import { type Draw, MOST_TRAINED } from '../objective/index.ts'

/** The energy of the data as one of the points that a network sees; nothing where it is not known. */
export function energyOfData({ standardization: by, own, ...seen }: StandardizedDataset): Draw['energy'] {
  const { energy: named, mixture, name } = own ?? seen
  const energy = named ?? (mixture && mixtureEnergy(name, mixture, undefined))
  if (!energy || !by) return energy?.energy
  const row = (values: readonly number[], { dtype }: Tensor) => constant(values, [1, values.length], dtype)
  return x => energy.energy(x.mul(row(by.scale, x)).add(row(by.shift, x)))
}

/** Ids of the formulas that a run trains. */
const formulas = (config: Config): string[] => [
  config.objective,
  ...(diagonalRows(config) > 0 && config.diagonal.objective ? [config.diagonal.objective] : []),
]

/** @throws ConfigError when an objective asks for an energy, or for weights of the samples, and the data have none */
export function checkEnergy(config: Config, dataset: StandardizedDataset): void {
  const { name, dimension, vector } = dataset
  for (const id of formulas(config)) {
    const { needs } = findObjective(id)
    if (needs.includes('energy')) {
      if (!energyOfData(dataset)) {
        throw new ConfigError(
          `objective: ${id} needs data whose energy is known, such as {energy: double-well} or a Gaussian mixture, but that of ${name} is not known`,
        )
      }
      if (dimension > MOST_TRAINED) {
        throw new ConfigError(
          `objective: ${id} takes a determinant of at most ${MOST_TRAINED} coordinates, and ${name} has ${dimension}`,
        )
      }
    }
    if (needs.includes('weights') && (vector?.size !== 1 || config.condition.kind !== 'none')) {
      throw new ConfigError(
        `objective: ${id} needs data with a log weight for each point and no condition, such as {csv: {path: weighed.csv, condition: logWeight}}; "oxbow weigh RUN --energy NAME --samples weighed.csv" writes one`,
      )
    }
  }
}
