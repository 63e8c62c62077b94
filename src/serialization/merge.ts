import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, pointOf, resolveConfig } from '../config/index.ts'
import { tellable } from '../config/point.ts'
import { conversionOf, flattenArrays, isAdapted, networkOf, unflattenArray } from '../model/index.ts'
import { type Adapter, baseHash, changesOf, decodeAdapterFile, withChanges } from './adapter.ts'
import { type Model, networkOfModel } from './model.ts'
import { readModel } from './model-files.ts'
import { readBytes } from './read-file.ts'
import { paths } from './run.ts'
import { RunError } from './run-error.ts'

/**
 * Reads an adapter from a run directory or an `adapter.safetensors` file.
 *
 * @throws RunError when there is none, or it is damaged
 */
export function readAdapter(path: string): Adapter {
  const isDirectory = existsSync(path) && statSync(path).isDirectory()
  const file = isDirectory ? paths(path).adapter : path
  if (!existsSync(path)) throw new RunError(`${path}: no such run or adapter`)
  if (!existsSync(file)) {
    throw new RunError(
      `${path}: has no adapter.safetensors; train an adapter with --init-from RUN --adapter.rank 8, and finish it`,
    )
  }
  return decodeAdapterFile(readBytes(file), file)
}

/** An adapter under the name that the user gave, and what it is multiplied by. */
export interface Addend extends Adapter {
  readonly name: string
  readonly weight: number
}

type Named = Pick<Model, 'config' | 'data'> & { readonly name: string }
type Base = Model & { readonly name: string }

/** The base's parameters `[P]` as those of another's network. @throws RunError when the two do not fit */
function convertedTo(base: Base, other: Named): Float32Array {
  const refuse = (message: string): never => {
    throw new RunError(`${other.name}: does not fit ${base.name}: ${message}`)
  }
  const [before, after] = [base, other].map(({ config, data }) => ({
    config: config.network,
    point: pointOf(config, data),
  }))
  const [theirs, ours] = [before, after].map(({ point }) => `[${point.shape.join(', ')}]`)
  if (theirs !== ours) refuse(`its points are ${ours}, those of the base ${theirs}`)
  if (base.config.interpolant !== other.config.interpolant) {
    refuse(`it is of the ${other.config.interpolant} path, the base of ${base.config.interpolant}`)
  }
  const { kind } = base.config.condition
  if (kind !== 'none' && kind === other.config.condition.kind) {
    const [known, own] = [base, other].map(({ data }) => tellable(kind, data))
    if (known !== own) refuse(`it was told ${own}, the base ${known}`)
  }
  const conversion = conversionOf(before, after)
  if (typeof conversion === 'string') return refuse(conversion)
  const [from, to] = [before, after].map(({ config, point }) => networkOf(config, point))
  return flattenArrays(to, conversion(unflattenArray(base.parameters, from)))
}

/** @throws RunError when an adapter changes an array that the network does not have in that shape */
function checkShapes(adapter: Addend, into: Named): void {
  const [theirs, ours] = [adapter, into].map(each => networkOfModel(each).parameters)
  for (const [parameter, spec] of Object.entries(theirs)) {
    if (!isAdapted(spec, adapter.keys)) continue
    const [expected, found] = [spec.shape, ours[parameter]?.shape]
    if (found?.join() === expected.join()) continue
    const has = found ? `is [${[...found].reverse().join(', ')}]` : 'is not there'
    throw new RunError(
      `${adapter.name}: changes ${parameter} [${[...expected].reverse().join(', ')}], which ${has} in the network of ${into.name}`,
    )
  }
}

/** Whether an adapter was trained beside this base. */
function isOwnBase(base: Base, adapter: Addend): boolean {
  try {
    return baseHash(convertedTo(base, adapter)) === adapter.base
  } catch {
    return false
  }
}

/** What the result knows of guidance: what its first adapter does, or else the scale at which another part of it was trained. */
function guidanceIn({ config }: Named, others: readonly Named[]): Config['guidance'] {
  if (guidanceRecord(config).applied !== 'none') return config.guidance
  const records = others.map(other => guidanceRecord(other.config))
  const baked = records.find(({ applied }) => applied === 'baked')?.scale
  return { ...config.guidance, ...(baked && { baked }) }
}

/** `v + 0.5 lora`. */
const sumText = (base: string, addends: readonly Addend[]): string =>
  addends.reduce(
    (text, { name, weight }) => {
      const size = Math.abs(weight) === 1 ? '' : `${Math.abs(weight)} `
      return `${text} ${weight < 0 ? '-' : '+'} ${size}${basename(resolve(name))}`
    },
    basename(resolve(base)),
  )

/** A model, and what to know of it in a line each. */
export interface Merged {
  readonly model: Model
  readonly notes: readonly string[]
}

/** The base's parameters as those of a network that has all arrays which the adapters change. @throws RunError */
function converted(
  base: Base,
  addends: readonly Addend[],
  into: Named,
): { into: Named; parameters: Float32Array } {
  const parameters = convertedTo(base, into)
  for (const addend of addends) checkShapes(addend, into)
  return { into, parameters }
}

/**
 * The base's parameters in the first network that all adapters fit: of theirs, or else its own.
 *
 * @throws RunError saying why they do not fit that of the first adapter
 */
function fitting(base: Base, addends: readonly Addend[]): ReturnType<typeof converted> {
  let reason: unknown
  for (const into of [...addends.filter(({ weight }) => weight > 0), base]) {
    try {
      return converted(base, addends, into)
    } catch (error) {
      reason ??= error
    }
  }
  throw reason
}

/**
 * A plain model of a base and adapters: `W + sum_k weight_k (alpha_k/rank_k) b_k a_k`, and their changes of what they train in
 * full. Network and configuration are those of the first added adapter that the base and all others fit, or else the base's
 * own; the data is the base's where that is not the base that this adapter was trained beside.
 *
 * @param path  of the base: a run or a `.safetensors` model
 * @throws RunError when something is missing or does not fit
 */
export function mergeAdapters(path: string, addends: readonly Addend[]): Merged {
  const base = { ...readModel(path), name: path }
  const { into, parameters: start } = fitting(base, addends)
  const changes = addends.map(addend => ({
    weight: addend.weight,
    changes: changesOf(networkOfModel(addend), addend.keys, addend.parameters),
  }))
  const parameters = withChanges(networkOfModel(into), start, changes)
  if (!parameters.every(Number.isFinite)) {
    throw new RunError(`${path}: with these weights its parameters are no finite numbers`)
  }
  const added = addends.filter(({ weight }) => weight > 0)
  const foreign = added.filter(addend => !isOwnBase(base, addend))
  const { data, config } = foreign.some(addend => addend === into) ? base : into
  const { standardize, holdOut } = config
  const merged: Config = {
    ...into.config,
    ...{ data: config.data, standardize, holdOut, adapter: null },
    ...{ initFrom: sumText(path, addends), steps: 0 },
    schedule: { ...into.config.schedule, warmup: 0 },
    guidance: guidanceIn(into, [...added, base]),
  }
  return {
    model: { config: resolveConfig(merged), data, dimension: data.dimension, parameters },
    notes: foreign.map(
      ({ name }) =>
        `${name}: was trained for a base other than ${path} (its hash differs); check the result of the two together`,
    ),
  }
}
