import { guidanceRecord } from '../config/guidance.ts'
import { pointOf } from '../config/index.ts'
import { checkFinite, checkPoints, checkTime } from '../data/arguments.ts'
import {
  rowsAtOnce,
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedVelocity,
} from '../model/index.ts'
import type { Program } from '../runtime/program.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { closable } from './closable.ts'
import { knownCondition, type Told } from './conditions.ts'
import { givenMap } from './given-map.ts'
import type { LoadedMap } from './loaded-map.ts'
import { type Model, modelGraph } from './model.ts'
import { inBlocks, MOST_ROWS } from './onnx-map.ts'

type Inner = LoadedMap['inner']

/** A map of standardised points as one of points in the units of each time; its arguments are checked. */
function outer(dimension: number, by: Standardization | undefined, inner: Inner): Inner {
  const check = (method: string, x: Float32Array, times: Readonly<Record<string, number>>): void => {
    checkPoints(`${method}: x`, x, dimension)
    checkFinite(`${method}: x`, x)
    for (const [name, time] of Object.entries(times)) checkTime(`${method}: ${name}`, time)
  }
  return {
    jump: async (x, s, t) => {
      check('jump', x, { s, t })
      return by ? unstandardized(by, await inner.jump(standardized(by, x, s), s, t), t) : inner.jump(x, s, t)
    },
    velocity: async (x, t) => {
      check('velocity', x, { t })
      if (!by) return inner.velocity(x, t)
      const z = standardized(by, x, t)
      return unstandardizedVelocity(by, z, await inner.velocity(z, t), t)
    },
  }
}

/**
 * The flow map of a model that is in memory.
 *
 * @param name  of it, in messages
 * @param runtime  compiles its jump now, and its velocity when that is first asked for
 */
export async function mapOfModel(name: string, model: Model, runtime: Runtime): Promise<LoadedMap> {
  const { config, dimension } = model
  const jump = await runtime.compile(modelGraph(model, 'jump'))
  let velocity: Promise<Program> | undefined
  const { standardization, columns } = model.data
  const rows = rowsAtOnce(config.network, pointOf(config, model.data), MOST_ROWS)
  const { close, ...run } = closable(
    name,
    {
      jump: (x: Float32Array, s: number, t: number, told?: Told) =>
        inBlocks(name, jump, dimension, rows, x, s, t, told),
      velocity: async (x: Float32Array, t: number, told?: Told) => {
        velocity ??= runtime.compile(modelGraph(model, 'velocity'))
        return inBlocks(name, await velocity, dimension, rows, x, t, t, told)
      },
    },
    async () => {
      await jump.close()
      await (await velocity)?.close()
    },
  )
  const bound = (told?: Told): Inner & Pick<LoadedMap, 'inner'> => {
    const inner: Inner = {
      jump: (x, s, t) => run.jump(x, s, t, told),
      velocity: (x, t) => run.velocity(x, t, told),
    }
    return asBound(inner)
  }
  const asBound = (inner: Inner) => ({ ...outer(dimension, standardization, inner), inner })
  return givenMap(
    name,
    knownCondition(config, model.data),
    bound,
    {
      guidance: guidanceRecord(config),
      dimension,
      shape: pointOf(config, model.data).shape,
      ...(columns && { columns }),
      model,
      objective: config.objective,
      interpolant: config.interpolant,
      ...(standardization && { standardization }),
      close,
    },
    asBound,
  )
}
