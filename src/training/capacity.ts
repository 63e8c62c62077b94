import { sizeOf } from '../autodiff/index.ts'
import { isSolved } from '../config/coupling.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { kindOf, type PointSpec, parameterCount } from '../model/index.ts'
import { RunError } from '../serialization/run-error.ts'
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
function needs(config: Config, point: PointSpec): { parameters: number; batch: number; pairs: number } {
  const { network, batch, coupling, recompute } = config
  const { kind, pairs, steps } = coupling
  // What an adapter changes is there once, and is not trained.
  const stays = config.adapter ? parameterCount(config, point) : 0
  const points = !isSolved(coupling) ? 0 : kind === 'trajectory' ? steps + 1 : 2
  return {
    parameters: BYTES * (VECTORS * stateSize(config, point) + stays),
    // Of what is computed again only the values between blocks are kept, as many as a kind of network has of those.
    batch: recompute ? 0 : BYTES * ACTIVATIONS * batch * kindOf(network).activations(network, point),
    pairs: BYTES * points * pairs * sizeOf(point.shape),
  }
}

/** The largest power of two below a value that fits. */
function largest(below: number, fits: (value: number) => boolean): number {
  let value = 2 ** Math.ceil(Math.log2(below) - 1)
  while (value > 1 && !fits(value)) value /= 2
  return value
}

/** Why a network is too large for any machine; nothing where it is not. */
function beyondFormat(config: Config, point: PointSpec): string | undefined {
  const count = parameterCount(config, point)
  if (BYTES * count < MOST_BYTES) return undefined
  return `${count} parameters are more than an ONNX model can hold (${gigabytes(MOST_BYTES)})`
}

/**
 * Refuses a training that cannot fit into memory, by an estimate that is rather too low.
 *
 * @param memory  bytes that there are
 * @throws ConfigError naming the key to change
 */
export function checkCapacity(config: Config, point: PointSpec, memory = memoryLimit()): void {
  const { network } = config
  const { width } = kindOf(network)
  const found = network[width] as number
  const withWidth = (value: number): Config => ({ ...config, network: { ...network, [width]: value } })
  const isSmall = (config: Config): boolean =>
    beyondFormat(config, point) === undefined && needs(config, point).parameters <= memory / 2
  const smaller = () =>
    `network.${width} ${largest(found, value => isSmall(withWidth(value)))} fits (found ${found})`
  const beyond = beyondFormat(config, point)
  if (beyond) throw new ConfigError(`network.${width}: ${beyond}; ${smaller()}`)
  const { parameters, batch, pairs } = needs(config, point)
  if (parameters + batch + pairs <= memory) return
  const take = (bytes: number) =>
    `take at least ${gigabytes(bytes)}, and there are ${gigabytes(memory)} of memory`
  const most = Math.max(parameters, batch, pairs)
  if (most === parameters) {
    throw new ConfigError(
      `network.${width}: ${stateSize(config, point)} parameters ${take(parameters)}; ${smaller()}`,
    )
  }
  const [key, count] =
    most === batch ? (['batch', config.batch] as const) : (['coupling.pairs', config.coupling.pairs] as const)
  const what = key === 'batch' ? 'samples in a step' : 'stored trajectories'
  const fitting = Math.max(1, Math.floor((count * memory) / 2 / most))
  const more = key === 'batch' ? ', and more with recompute: true' : ''
  throw new ConfigError(`${key}: ${count} ${what} ${take(most)}; ${fitting} fit${more}`)
}

/** @throws RunError when an ONNX file cannot hold a network */
export function checkOnnxSize(config: Config, point: PointSpec): void {
  const beyond = beyondFormat(config, point)
  if (beyond) throw new RunError(`${beyond}; export it as safetensors or npz`)
}
