import { basename } from 'node:path'
import { ConfigError, merge, resolveConfig } from '../config/index.ts'
import { type Conditioning, joinArrays, type MlpKeys, parameterCount } from '../model/index.ts'
import { type DataRecord, RunError } from '../serialization/run.ts'
import type { Container } from '../serialization/safetensors.ts'
import { type Convention, conventions, type TimeInput } from './conventions.ts'
import { importDit } from './dit-import.ts'
import { isDit } from './dit-layout.ts'
import { foldInputs, type InputLayout, scaleOutputs } from './fold.ts'
import { checkGuidanceApplied, guidanceKeys } from './guidance.ts'
import { type FoundLayer, unread } from './layers.ts'
import { findLayers } from './match.ts'
import {
  checkAgrees,
  type Imported,
  type ImportOptions,
  sourceTime,
  standardizationOf,
  UNKNOWN,
} from './reading.ts'

const CONDITIONINGS: Readonly<Record<string, { name: Conditioning; times: readonly TimeInput[] }>> = {
  s: { name: 's', times: ['s'] },
  's,t': { name: 's,t', times: ['s', 't'] },
  'd,s': { name: 's,s-t', times: ['s', 'd'] },
  d: { name: 's-t', times: ['d'] },
}

/** The conditioning of a set of times. @throws ConfigError when no network of ours has it */
function conditioningOf(inputs: readonly string[]) {
  const times = inputs.filter(input => input !== 'x')
  const found = CONDITIONINGS[times.toSorted().join()]
  if (found && inputs.filter(input => input === 'x').length === 1) return found
  throw new ConfigError(
    `inputs: expected x and one of s; s and t; s and d (its length); d; found ${inputs.join(',') || 'nothing'}`,
  )
}

/** What the shapes say of the network. */
function networkOf(layers: readonly FoundLayer[], times: number, file: string) {
  const [first, second] = layers
  const dimension = layers.at(-1)!.outputs
  const features = (first.inputs - dimension) / times
  if (!(features === 1 || (features > 1 && features % 2 === 0))) {
    throw new RunError(
      `${file}: the first layer takes ${first.inputs} numbers: ${dimension} of a point leave ${first.inputs - dimension} for ${times === 1 ? 'one time' : 'two times'}, expected 1 or an even number for each`,
    )
  }
  const hidden = first.outputs
  const inner = layers.slice(0, -1).find(({ outputs }) => outputs !== hidden)
  if (inner)
    throw new RunError(`${file}: hidden layers of ${hidden} and ${inner.outputs} units; expected one width`)
  const injected = second.inputs - hidden
  if (injected !== 0 && injected !== features * times) {
    throw new RunError(
      `${file}: the second layer takes ${second.inputs} numbers, expected ${hidden}, or ${hidden + features * times} with the times`,
    )
  }
  return {
    dimension,
    network: {
      hidden,
      layers: layers.length - 1,
      embedding: features === 1 ? 'raw' : 'fourier',
      ...(features > 1 && { frequencies: features / 2 }),
      injection: injected > 0 ? 'layers' : 'input',
    } as const,
  }
}

/** The times of a file as functions of those that our network is shown. */
function layoutOf(
  convention: Convention,
  options: ImportOptions,
  { embedding, frequencies }: Pick<MlpKeys, 'embedding' | 'frequencies'>,
): Omit<InputLayout, 'width'> {
  const { inputs = convention.inputs, features = 'sin,cos' } = options
  const source = sourceTime(convention, options)
  const gap = { offset: 0, factor: Math.abs(source.factor) }
  const order = inputs.filter(input => input !== 'x')
  const times = conditioningOf(inputs).times.map(input => ({
    ...(input === 'd' ? gap : source),
    place: order.indexOf(input),
  }))
  if (embedding === 'fourier' && times.some(({ factor }) => Math.abs(factor) !== 1)) {
    throw new ConfigError(
      `convention: it shows its network ${source.factor.toPrecision(4)} times our time, which Fourier features of other frequencies would need; only the embedding raw can be read so, or another --time-scale`,
    )
  }
  return { timesBefore: inputs.indexOf('x'), times, embedding, frequencies, features }
}

/** Weights `[out][in]` become ours, `[in, out]`. */
function flat(layers: readonly FoundLayer[]): Float32Array {
  return joinArrays(
    layers.flatMap(({ inputs, outputs, weight, bias }) => [
      Float32Array.from(
        { length: inputs * outputs },
        (_, k) => weight[(k % outputs) * inputs + Math.floor(k / outputs)],
      ),
      Float32Array.from(bias),
    ]),
  )
}

/**
 * A model from the weights of a perceptron, or of a transformer in the layout of DiT, trained elsewhere, in another
 * convention of time. The conversion is folded into the weights, in float64; what cannot be is a parameterization of our own
 * around the network.
 *
 * @param contents  of the file: its tensors by name
 * @param file  its name, for messages
 * @throws RunError when the tensors are no such network; ConfigError when they and the options do not agree
 */
export function importModel(
  contents: Pick<Container, 'tensors' | 'others'>,
  file: string,
  options: ImportOptions,
): Imported {
  if (isDit(contents)) return importDit(contents, file, options)
  const convention: Convention = conventions[options.convention]
  const inputs = options.inputs ?? convention.inputs
  const { name: conditioning, times } = conditioningOf(inputs)
  const found = findLayers(contents, file, options.layers)
  const { dimension, network } = networkOf(found, times.length, file)
  const known = { ...network, conditioning }
  checkAgrees(options.config, known)
  const { data } = options
  if (data && data.dimension !== dimension) {
    throw new ConfigError(`data: ${data.name} has ${data.dimension} coordinates, the weights ${dimension}`)
  }
  // Whatever maps it, a network that sees one time is no two-time map.
  const config = resolveConfig(
    [
      { network: known, data: 'imported', initFrom: basename(file), steps: 0 },
      convention.config,
      conditioning === 's' && convention.config.objective === 'lsd' ? { objective: 'flow-matching' } : {},
      guidanceKeys(options.guidanceApplied),
      (options.config ?? {}) as Record<string, unknown>,
    ].reduce<Record<string, unknown>>((under, over) => merge(under, over as Record<string, unknown>), {}),
  )
  checkGuidanceApplied(config, options.guidanceApplied)
  const layout = layoutOf(convention, options, config.network as unknown as MlpKeys)
  const folded = found.map((layer, i) => {
    const sees = i === 0 || network.injection === 'layers'
    const width = i === 0 ? dimension : network.hidden
    return sees ? foldInputs(layer, { ...layout, width }) : layer
  })
  const parameters = flat([...folded.slice(0, -1), scaleOutputs(folded.at(-1)!, convention.output)])
  if (!parameters.every(Number.isFinite))
    throw new RunError(`${file}: has weights that are not finite numbers`)
  if (parameters.length !== parameterCount(config, { shape: [dimension] })) {
    throw new RunError(`${file}: does not fill the network of the configuration`)
  }
  const standardization = standardizationOf(convention, options, dimension)
  const record: DataRecord = {
    name: data?.name ?? 'imported',
    dimension,
    fingerprint: data?.fingerprint ?? UNKNOWN,
    ...(data?.columns && { columns: data.columns }),
    ...(standardization && { standardization }),
  }
  const report = found.map(({ from }, i) => `${from} -> ${i}.weight, ${i}.bias`)
  return { model: { config, dimension, data: record, parameters }, report, unread: unread(contents, found) }
}
