import { type Config, ConfigError } from '../config/index.ts'
import { mlpOptions, parameterCount } from '../model/index.ts'
import { RunError } from '../serialization/record.ts'
import { gigabytes, memoryLimit } from './memory.ts'
import { stateSize } from './networks.ts'

/** An ONNX file is one message of a protocol that counts to this, and the runtime counts numbers of a tensor no further. */
const MOST_BYTES = 2 ** 31
/** Vectors of all parameters that training holds at once, at the least: state, gradient, and what the runtime is handed. */
const VECTORS = 12
/** Values of each unit and sample that are kept for the gradient, at the least. */
const ACTIVATIONS = 4

const BYTES = Float32Array.BYTES_PER_ELEMENT

/** Bytes that a training needs at the least, by what decides them. */
function needs(config: Config, dimension: number): { parameters: number; batch: number; pairs: number } {
  const { network, batch, coupling } = config
  const { kind, pairs, steps } = coupling
  const points = kind === 'independent' ? 0 : kind === 'trajectory' ? steps + 1 : 2
  return {
    parameters: BYTES * VECTORS * stateSize(config, dimension),
    batch: BYTES * ACTIVATIONS * batch * (network.hidden * network.layers + dimension),
    pairs: BYTES * points * pairs * dimension,
  }
}

/** The largest power of two below a value that fits. */
function largest(below: number, fits: (value: number) => boolean): number {
  let value = 2 ** Math.ceil(Math.log2(below) - 1)
  while (value > 1 && !fits(value)) value /= 2
  return value
}

/** Why a network is too large for any machine; nothing where it is not. */
function beyondFormat(config: Config, dimension: number): string | undefined {
  const count = parameterCount(mlpOptions(config, dimension))
  if (BYTES * count < MOST_BYTES) return undefined
  return `${count} parameters are more than an ONNX model can hold (${gigabytes(MOST_BYTES)})`
}

/**
 * Refuses a training that cannot fit into memory, by an estimate that is rather too low.
 *
 * @param memory  bytes that there are
 * @throws ConfigError naming the key to change
 */
export function checkCapacity(config: Config, dimension: number, memory = memoryLimit()): void {
  const { hidden, layers } = config.network
  const withHidden = (hidden: number): Config => ({ ...config, network: { ...config.network, hidden } })
  const isSmall = (config: Config): boolean =>
    beyondFormat(config, dimension) === undefined && needs(config, dimension).parameters <= memory / 2
  const smaller = () =>
    `with ${layers} layers, network.hidden ${largest(hidden, value => isSmall(withHidden(value)))} fits (found ${hidden})`
  const beyond = beyondFormat(config, dimension)
  if (beyond) throw new ConfigError(`network.hidden: ${beyond}; ${smaller()}`)
  const { parameters, batch, pairs } = needs(config, dimension)
  if (parameters + batch + pairs <= memory) return
  const take = (bytes: number) =>
    `take at least ${gigabytes(bytes)}, and there are ${gigabytes(memory)} of memory`
  const most = Math.max(parameters, batch, pairs)
  if (most === parameters) {
    throw new ConfigError(
      `network.hidden: ${stateSize(config, dimension)} parameters ${take(parameters)}; ${smaller()}`,
    )
  }
  const [key, count] =
    most === batch ? (['batch', config.batch] as const) : (['coupling.pairs', config.coupling.pairs] as const)
  const what = key === 'batch' ? 'samples in a step' : 'stored trajectories'
  const fitting = Math.max(1, Math.floor((count * memory) / 2 / most))
  throw new ConfigError(`${key}: ${count} ${what} ${take(most)}; ${fitting} fit`)
}

/** @throws RunError when an ONNX file cannot hold a network */
export function checkOnnxSize(config: Config, dimension: number): void {
  const beyond = beyondFormat(config, dimension)
  if (beyond) throw new RunError(`${beyond}; export it as safetensors or npz`)
}
