import {
  type CorePrimitive,
  constant,
  DYNAMIC,
  type Graph,
  type Spec,
  simplify,
  spec,
  type Tensor,
  trace,
  vjp,
} from '../autodiff/index.ts'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, ConfigError, pointOf, resolveConfig } from '../config/index.ts'
import { placed } from '../config/placed.ts'
import { joinArrays } from '../model/arrays.ts'
import {
  asRows,
  type Condition,
  conditionInputs,
  conditionOfInputs,
  type Divergence,
  type FlowMap,
  flattenArrays,
  kindOf,
  mapOf,
  type Network,
  networkOf,
  type ParameterSpec,
  seenState,
  spaceOf,
  timeShape,
  unflattenArray,
  unstandardizedJump,
  unstandardizedVolume,
} from '../model/index.ts'
import { drawnVelocity, outerStep, whyNoJumps } from '../objective/index.ts'
import { lower } from '../runtime/onnx.ts'
import { guidanceInputs } from './guidance.ts'
import { ADAPTER_FORMAT, adapterAlone, type DataRecord, dataRecordSchema } from './record.ts'
import { RunError } from './run-error.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError, type StoredTensor } from './safetensors.ts'
import { mapSignature } from './signature.ts'
import { VERSION } from './version.ts'

/** A trained network: its configuration and parameters as one flat vector `[P]`. */
export interface Model {
  readonly config: Config
  readonly dimension: number
  readonly data: DataRecord
  readonly parameters: Float32Array
}

/** Rows become columns: our weights are `[in, out]`, stored ones `[out, in]` as in PyTorch. */
function transposed(data: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const result = new Float32Array(data.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]
  }
  return result
}

type Tensors = Readonly<Record<string, StoredTensor>>
type Specs = Pick<Network, 'parameters'>

/** Shape of a parameter in files. */
const storedShape = ({ shape, transposed }: ParameterSpec): readonly number[] =>
  transposed ? [shape[1], shape[0]] : shape

/** The network of a model. */
export const networkOfModel = ({ config, data }: Pick<Model, 'config' | 'data'>): Network =>
  networkOf(config.network, pointOf(config, data))

/** Names, shapes and data as other programs know them: `0.weight [out, in]`, `0.bias [out]`, ... */
export const namedParameters = (model: Model): Record<string, StoredTensor> =>
  storedParameters(networkOfModel(model), model.parameters)

/** A flat vector of parameters as tensors of files. */
export function storedParameters(specs: Specs, flat: Float32Array): Record<string, StoredTensor> {
  const arrays = unflattenArray(flat, specs)
  return Object.fromEntries(
    Object.entries(specs.parameters).map(([name, spec]) => {
      const values = arrays[name]
      const stored = spec.transposed ? transposed(values, spec.shape) : values.slice()
      return [name, { shape: storedShape(spec), data: stored }]
    }),
  )
}

/** @throws RunError when a tensor is missing, of another shape, or holds what is no finite number */
export function flatParameters({ parameters }: Specs, tensors: Tensors, file: string): Float32Array {
  const take = (name: string, spec: ParameterSpec): Float32Array => {
    const shape = storedShape(spec)
    const found = tensors[name]
    if (!found || found.shape.join() !== shape.join()) {
      const what = found ? `[${found.shape.join(', ')}]` : 'nothing'
      throw new RunError(`${file}: tensor ${name}: expected [${shape.join(', ')}], found ${what}`)
    }
    const values = Float32Array.from(found.data)
    if (!values.every(Number.isFinite)) {
      throw new RunError(`${file}: tensor ${name}: holds values that are not finite 32-bit numbers`)
    }
    return spec.transposed ? transposed(values, shape) : values
  }
  return joinArrays(Object.entries(parameters).map(([name, spec]) => take(name, spec)))
}

export function encodeModelFile(model: Model): Uint8Array {
  const { config, data } = model
  const metadata = {
    format: 'oxbow',
    oxbow: VERSION,
    config: JSON.stringify(config),
    data: JSON.stringify(data),
    guidance: JSON.stringify(guidanceRecord(config)),
  }
  return encodeSafetensors({ tensors: namedParameters(model), metadata })
}

/**
 * The model of a configuration and the tensors that `namedParameters` gives.
 *
 * @throws RunError when a tensor is missing, of another shape, or holds what is no finite number
 */
export const modelOf = (
  { config, data }: Pick<Model, 'config' | 'data'>,
  tensors: Tensors,
  file: string,
): Model => ({
  config,
  data,
  dimension: data.dimension,
  parameters: flatParameters(networkOfModel({ config, data }), tensors, file),
})

/** Whether tensors have the names and shapes of a configuration's network, and are no more than that. */
export function fitsNetwork(model: Pick<Model, 'config' | 'data'>, tensors: Tensors): boolean {
  const specs = Object.entries(networkOfModel(model).parameters)
  return (
    Object.keys(tensors).length === specs.length &&
    specs.every(([name, spec]) => tensors[name]?.shape.join() === storedShape(spec).join())
  )
}

/**
 * Configuration and data's record in the metadata of a file written by `oxbow`.
 *
 * @throws RunError when they are missing or damaged
 */
export function recordOf(
  metadata: Readonly<Record<string, string>>,
  file: string,
): Pick<Model, 'config' | 'data'> {
  if (metadata.format === ADAPTER_FORMAT) throw adapterAlone(file)
  try {
    if (metadata.format !== 'oxbow' || !metadata.config || !metadata.data) {
      throw new RunError(`${file}: not an Oxbow model (its metadata has no configuration)`)
    }
    const { data, error } = dataRecordSchema.safeParse(JSON.parse(metadata.data))
    if (error)
      throw new RunError(`${file}: the record of its data is damaged (${error.issues[0].path.join('.')})`)
    return { config: resolveConfig(JSON.parse(metadata.config)), data }
  } catch (error) {
    if (error instanceof ConfigError) throw new RunError(`${file}: ${error.message}`)
    if (error instanceof SyntaxError) throw new RunError(`${file}: its metadata is not valid JSON`)
    throw error
  }
}

/**
 * The model in the bytes of a `.safetensors` file written by `oxbow`.
 *
 * @param file  its name, for messages
 * @throws RunError when it is damaged or holds something else
 */
export function decodeModelFile(bytes: Uint8Array, file: string): Model {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, file)
    return modelOf(recordOf(metadata, file), tensors, file)
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    throw error
  }
}

/** @param condition  of each sample; absent for none */
export const asMap = (
  { config, data, parameters }: Model,
  dtype: 'float32' | 'float64' = 'float32',
  condition?: Condition<Tensor>,
): FlowMap =>
  mapOf(config, pointOf(config, data), constant(parameters, [parameters.length], dtype), condition)

/**
 * The same of rows `[B, D]`, in float64 where nothing is said, with times `[B, 1]`: for what measures points as rows of numbers.
 *
 * @param flat  parameters in place of the model's own, where they train
 */
export function asRowMap(
  { config, data, parameters }: Model,
  dtype: 'float32' | 'float64' = 'float64',
  flat: Tensor = constant(parameters, [parameters.length], dtype),
): FlowMap {
  const point = pointOf(config, data)
  return asRows(mapOf(config, point, flat), point.shape)
}

/**
 * The model of a map for the null, which is told nothing any more.
 *
 * @param name  of it, in messages
 * @throws RunError when it does not know a null
 */
export function withoutCondition(model: Model, name: string): Model {
  const { config, data, parameters } = model
  const { kind, drop } = config.condition
  if (kind === 'none') return model
  const noJumps = whyNoJumps(config.objective)
  if (noJumps) throw new RunError(`${name}: ${noJumps}`)
  const { withoutCondition: convert } = kindOf(config.network)
  if (drop === 0 || !convert) {
    throw new RunError(
      `${name}: was trained with the ${kind} of every sample and is not unconditional; train it with --condition.drop 0.1`,
    )
  }
  const point = pointOf(config, data)
  const named = convert(config.network, point, unflattenArray(parameters, networkOf(config.network, point)))
  const plain: Config = { ...config, condition: { ...config.condition, kind: 'none' } }
  const network = networkOf(config.network, pointOf(plain, data))
  return { ...model, config: plain, parameters: flattenArrays(network, named) }
}

type MapValue = (map: FlowMap, x: Tensor, s: Tensor, t: Tensor) => Tensor
type MapValues = (...at: Parameters<MapValue>) => Readonly<Record<string, Tensor>>

/** Inputs of a model's graphs for what it is told, with an open batch axis, in the data's own units. */
export function toldInputs({ config, data }: Pick<Model, 'config' | 'data'>): Readonly<Record<string, Spec>> {
  const { condition } = pointOf(config, data)
  return {
    ...(condition && conditionInputs(condition, DYNAMIC, config.condition.drop > 0)),
    ...Object.fromEntries(guidanceInputs(guidanceRecord(config)).map(name => [name, spec([DYNAMIC])])),
  }
}

/** The map with these inputs. */
export function toldMap(
  model: Model,
  inputs: Readonly<Record<string, Tensor>>,
  dtype: 'float32' | 'float64' = 'float32',
): FlowMap {
  const { config, data } = model
  const { condition, shape } = pointOf(config, data)
  const { applied, scale: baked } = guidanceRecord(config)
  const told = condition && conditionOfInputs(condition, inputs)
  const seesScale = kindOf(config.network).seesScale?.(config.network)
  // A map that was trained at one scale, and is shown it, knows no other.
  const fixed =
    applied === 'baked' && seesScale ? constant(baked!, timeShape(DYNAMIC, shape), dtype) : undefined
  const column = (input: Tensor | undefined) => input?.reshape(timeShape(DYNAMIC, shape))
  const scale = column(inputs.w) ?? fixed
  const [low, high] = [column(inputs.low), column(inputs.high)]
  return asMap(model, dtype, scale ? { ...told, scale, ...(low && high && { low, high }) } : told)
}

/**
 * `y = value(map, x, s, t)` with an open batch axis: `x [batch, ...D]`, `s [batch]`, `t [batch]`, and then what the model is
 * told: `class` int64 `[batch]`, or `vector [batch, K]` and, where it knows a null, `none [batch]`; and `w [batch]` where it
 * was trained on guidance scales, with `low [batch]` and `high [batch]` where on intervals of times in which they act.
 */
function valueGraph(model: Model, value: MapValue): Graph<CorePrimitive> {
  return valuesGraph(model, (...at) => ({ y: value(...at) }))
}

/** The same of several values by name. */
function valuesGraph(model: Model, values: MapValues): Graph<CorePrimitive> {
  const { shape } = pointOf(model.config, model.data)
  const column = (time: Tensor) => time.reshape(timeShape(DYNAMIC, shape))
  return simplify(
    trace(
      ({ x, s, t, ...told }: Readonly<Record<string, Tensor>>) =>
        values(toldMap(model, told), x, column(s), column(t)),
      {
        x: spec([DYNAMIC, ...shape]),
        s: spec([DYNAMIC]),
        t: spec([DYNAMIC]),
        ...toldInputs(model),
      },
    ),
  )
}

/** `y = F(x, s, t)`, `y = V(x, s, t)`, or the logits of symbols `y = z(x, s, t)`, of standardised points. */
export const modelGraph = (
  model: Model,
  value: 'jump' | 'velocity' | 'output' | 'logits' = 'jump',
): Graph<CorePrimitive> =>
  valueGraph(model, (map, x, s, t) =>
    value === 'output' ? map.predicted!.output(x, s).add(t.mul(0)) : map[value]!(x, s, t),
  )

/** Inner jumps that a map of velocities trained with; one where its objective does not say. */
export const innerJumps = ({ config: { options } }: Pick<Model, 'config'>): number =>
  Number(options.inner ?? 1)

/** What a velocity that is drawn costs, in evaluations of the whole network: the head alone is asked for each inner jump but the first. */
export function drawnEvaluations({ config, data }: Pick<Model, 'config' | 'data'>, inner: number): number {
  const share = kindOf(config.network).headShare?.(config.network, pointOf(config, data)) ?? 1
  return 1 + (inner - 1) * share
}

/** `y`, a velocity drawn at a noisy point `x` and its time from `noise [batch, ...D]`: the features of the point are made once. */
export function drawnGraph(model: Model, inner: number): Graph<CorePrimitive> {
  const { shape } = pointOf(model.config, model.data)
  const points = spec([DYNAMIC, ...shape])
  return simplify(
    trace(
      ({ x, s, noise }: Readonly<Record<string, Tensor>>) => ({
        y: drawnAt(model, x, s.reshape(timeShape(DYNAMIC, shape)), noise, inner),
      }),
      { x: points, s: spec([DYNAMIC]), noise: points },
    ),
  )
}

/** `y`, where `vector [batch, ...D]` leads from `x`. */
export function alongGraph({ config, data }: Pick<Model, 'config' | 'data'>): Graph<CorePrimitive> {
  const point = pointOf(config, data)
  const points = spec([DYNAMIC, ...point.shape])
  return simplify(
    trace(({ x, vector }: Readonly<Record<string, Tensor>>) => ({ y: spaceOf(point).jump(x, vector) }), {
      x: points,
      vector: points,
    }),
  )
}

/** The same on a graph, of times `[batch, 1, ...]`. */
export function drawnAt(model: Model, x: Tensor, s: Tensor, noise: Tensor, inner: number): Tensor {
  const { velocity } = asMap(model, 'float32', { state: seenState(x, s) })
  return drawnVelocity((yp, p, q) => velocity(yp, p, q), noise, s, inner)
}

/**
 * `y`, the gradient by `x` of `g . F(x, s, t)`, or of `g . V(x, s, t)`: inputs as of `modelGraph`, and behind them
 * `g [batch, ...D]`.
 */
export function pullbackGraph(model: Model, value: 'jump' | 'velocity'): Graph<CorePrimitive> {
  const { shape } = pointOf(model.config, model.data)
  const column = (time: Tensor) => time.reshape(timeShape(DYNAMIC, shape))
  const point = spec([DYNAMIC, ...shape])
  return simplify(
    trace(
      ({ x, s, t, g, ...told }: Readonly<Record<string, Tensor>>) => {
        const map = toldMap(model, told)
        const [, pull] = vjp((at: Tensor) => map[value](at, column(s), column(t)), [x])
        return { y: pull(g)[0] }
      },
      { x: point, s: spec([DYNAMIC]), t: spec([DYNAMIC]), ...toldInputs(model), g: point },
    ),
  )
}

/**
 * `y = F(x, s, t)` in the units of each time, as it is exported; see `unstandardized`. Of a map with a divergence head also
 * `logDensityChange [batch]`, `log p_t(y) - log p_s(x)` in nats: what the jump divides volumes by. Of a map of
 * symbols also their `logits [batch, L, K]`.
 */
function jumpGraph(model: Model): Graph<CorePrimitive> {
  const { standardization: by } = model.data
  const { shape } = pointOf(model.config, model.data)
  return valuesGraph(model, (map, ...at) => {
    const { divergence } = map
    const [x, s, t] = at
    const volume = (divergence: Divergence): Tensor =>
      by
        ? unstandardizedVolume(by, shape, divergence)(...at)
        : t
            .sub(s)
            .mul(divergence(...at))
            .reshape([x.shape[0]])
    return {
      y: by ? unstandardizedJump(by, shape, map)(...at) : map.jump(...at),
      ...(map.logits && { logits: map.logits(...at) }),
      ...(divergence && { logDensityChange: volume(divergence).neg() }),
    }
  })
}

/**
 * A step of a map of velocities as it is exported: `y = x + (t-s) v` in the units of each time, `v` drawn at `x` from
 * `noise [batch, ...D]` by as many inner jumps as it trained with.
 */
function stepGraph(model: Model): Graph<CorePrimitive> {
  const { standardization: by } = model.data
  const { shape } = pointOf(model.config, model.data)
  const column = (time: Tensor) => time.reshape(timeShape(DYNAMIC, shape))
  const points = spec([DYNAMIC, ...shape])
  const times = spec([DYNAMIC])
  return simplify(
    trace(
      ({ x, s, t, noise }: Readonly<Record<string, Tensor>>) => {
        const jump = (x: Tensor, s: Tensor, t: Tensor) =>
          outerStep(x, s, t, drawnAt(model, x, s, noise, innerJumps(model)))
        const at = [x, column(s), column(t)] as const
        return { y: by ? unstandardizedJump(by, shape, { jump })(...at) : jump(...at) }
      },
      { x: points, s: times, t: times, noise: points },
    ),
  )
}

/** What a configuration says of how texts are drawn, for files that hold none. */
function samplingMetadata({ config, data }: Model): Record<string, string> {
  const { decided } = placed(config, data)
  return {
    ...(decided && { decided: JSON.stringify(decided) }),
    ...(config.prefix > 0 && { prefix: JSON.stringify(config.prefix) }),
  }
}

/** The bytes of `model.onnx`. */
export function encodeOnnxModel(model: Model): Uint8Array {
  const ofVelocities = whyNoJumps(model.config.objective) !== undefined
  return lower(ofVelocities ? stepGraph(model) : jumpGraph(model), {
    description: ofVelocities
      ? 'A random step y from time s to time t along a velocity that is drawn from noise, where 1 is noise and 0 is data.'
      : 'Flow map y = F(x, s, t): a jump from time s to time t, where 1 is noise and 0 is data.',
    metadata: {
      format: 'oxbow',
      oxbow: VERSION,
      objective: model.config.objective,
      interpolant: model.config.interpolant,
      data: JSON.stringify(model.data),
      signature: JSON.stringify(mapSignature(model)),
      guidance: JSON.stringify(guidanceRecord(model.config)),
      ...samplingMetadata(model),
    },
  })
}
