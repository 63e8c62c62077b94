import { basename } from 'node:path'
import { ConfigError, merge, resolveConfig, type UserConfig } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import { type Conditioning, joinArrays, type MlpKeys, parameterCount } from '../model/index.ts'
import type { Model } from '../serialization/model.ts'
import { type DataRecord, RunError } from '../serialization/run.ts'
import type { Container } from '../serialization/safetensors.ts'
import { type Convention, type ConventionName, conventions, type TimeInput } from './conventions.ts'
import { type FeatureOrder, foldInputs, type InputLayout, scaleOutputs } from './fold.ts'
import { type FoundLayer, unread } from './layers.ts'
import { findLayers } from './match.ts'

export interface ImportOptions {
  readonly convention: ConventionName
  /** Keys of the configuration: what cannot be told from the weights, such as the activation. */
  readonly config?: UserConfig
  /** What the first layer is shown, in order; default the convention's. */
  readonly inputs?: readonly ('x' | TimeInput)[]
  /** Order of the Fourier features of one time; default `sin,cos`. */
  readonly features?: FeatureOrder
  /** Multiplies the times in the place of the convention's own factor, e.g. 1000. */
  readonly timeScale?: number
  /** Of the conventions that have one; default 0.5. */
  readonly sigmaData?: number
  /** What was subtracted from the data before training, and what it was divided by: `[D]` each. */
  readonly shift?: readonly number[]
  readonly scale?: readonly number[]
  /** Names of the layers, first to last, where they cannot be told from names and shapes. */
  readonly layers?: readonly string[]
  /** The data that the model is of, where it is at hand. */
  readonly data?: Dataset
}

export interface Imported {
  readonly model: Model
  /** What became of each layer: the tensors it was read from, and its number. */
  readonly report: readonly string[]
  /** Names of the tensors that were not read, of which a file of another program may hold some. */
  readonly unread: readonly string[]
}

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

/** @throws ConfigError when a key of the configuration says something else than the weights */
function checkAgrees(given: UserConfig | undefined, found: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries((given?.network ?? {}) as Record<string, unknown>)) {
    if (!(key in found) || found[key] === value) continue
    throw new ConfigError(`network.${key}: the weights have ${found[key]}, found ${value}`)
  }
}

/** The times of a file as functions of those that our network is shown. */
function layoutOf(
  convention: Convention,
  { inputs = convention.inputs, features = 'sin,cos', timeScale, sigmaData = 0.5 }: ImportOptions,
  { embedding, frequencies }: Pick<MlpKeys, 'embedding' | 'frequencies'>,
): Omit<InputLayout, 'width'> {
  const { time, usesSigmaData } = convention
  // Where networks see ln(sigma)/4 the data's scale is a shift of it; the angle of TrigFlow does not depend on it.
  const seesLevel = usesSigmaData && convention.config.interpolant !== 'trig'
  const base = seesLevel ? { offset: Math.log(sigmaData) / 4, factor: 1 } : time
  const unit = timeScale ?? (seesLevel ? time.factor : 1)
  const source = { offset: base.offset * unit, factor: base.factor * unit }
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

function standardizationOf(
  { usesSigmaData }: Convention,
  { sigmaData, shift, scale }: ImportOptions,
  dimension: number,
): DataRecord['standardization'] {
  if (sigmaData !== undefined && !usesSigmaData) throw new ConfigError('sigmaData: this convention has none')
  if (sigmaData !== undefined && !(sigmaData > 0 && Number.isFinite(sigmaData))) {
    throw new ConfigError(`sigmaData: expected a number above 0, found ${sigmaData}`)
  }
  for (const [key, values] of Object.entries({ shift, scale })) {
    const wrong = values?.find(value => !Number.isFinite(value) || (key === 'scale' && value <= 0))
    if (wrong !== undefined)
      throw new ConfigError(`${key}: expected numbers${key === 'scale' ? ' above 0' : ''}, found ${wrong}`)
    if (values && values.length !== dimension) {
      throw new ConfigError(`${key}: expected ${dimension} numbers, found ${values.length}`)
    }
  }
  const deviation = usesSigmaData ? (sigmaData ?? 0.5) : 1
  if (!shift && !scale && deviation === 1) return undefined
  return {
    shift: shift ?? new Array<number>(dimension).fill(0),
    scale: (scale ?? new Array<number>(dimension).fill(1)).map(value => value * deviation),
  }
}

/** What is known of data that is not at hand. */
const UNKNOWN = { sha256: '', rows: null, minimum: [], maximum: [] }

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
 * A model from the weights of a perceptron trained elsewhere, in another convention of time. The conversion is folded into
 * the weights, in float64; what cannot be is a parameterization of our own around the network.
 *
 * @param contents  of the file: its tensors by name
 * @param file  its name, for messages
 * @throws RunError when the tensors are no such perceptron; ConfigError when they and the options do not agree
 */
export function importModel(
  contents: Pick<Container, 'tensors' | 'others'>,
  file: string,
  options: ImportOptions,
): Imported {
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
      (options.config ?? {}) as Record<string, unknown>,
    ].reduce<Record<string, unknown>>((under, over) => merge(under, over as Record<string, unknown>), {}),
  )
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
