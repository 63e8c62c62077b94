import { isGrounded, isMatched } from '../config/coupling.ts'
import { guidanceRecord } from '../config/guidance.ts'
import { pointOf } from '../config/index.ts'
import { placed } from '../config/placed.ts'
import { checkFinite, checkPoints, checkTime } from '../data/arguments.ts'
import {
  rowsAtOnce,
  type Standardization,
  spaceOf,
  standardized,
  unstandardized,
  unstandardizedVelocity,
} from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import type { Program } from '../runtime/program.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { closable } from './closable.ts'
import { knownCondition, type Told } from './conditions.ts'
import { givenMap } from './given-map.ts'
import type { LoadedMap } from './loaded-map.ts'
import { alongGraph, drawnGraph, innerJumps, type Model, modelGraph, pullbackGraph } from './model.ts'
import { inBlocks, MOST_ROWS } from './onnx-map.ts'
import { RunError } from './run-error.ts'

type Units = Pick<LoadedMap, 'jump' | 'velocity'>

/** A map of standardised points as one of points in the units of each time; its arguments are checked. */
function outer(dimension: number, by: Standardization | undefined, inner: Units): Units {
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

/** A program of one time as one that is handed a second, and does not look at it. */
const withoutTarget = (program: Program): Program => ({
  ...program,
  run: ([x, s, , ...rest]) => program.run([x, s, ...rest]),
})

/** A program of points and vectors as one that is handed two times, and does not look at them. */
const withoutTimes = (program: Program): Program => ({
  ...program,
  run: ([x, , , ...rest]) => program.run([x, ...rest]),
})

/**
 * The flow map of a model that is in memory.
 *
 * @param name  of it, in messages
 * @param runtime  compiles its jump now, and its velocity when that is first asked for
 */
export async function mapOfModel(name: string, model: Model, runtime: Runtime): Promise<LoadedMap> {
  const { config, dimension } = model
  const noJumps = whyNoJumps(config.objective)
  const jump = noJumps ? undefined : await runtime.compile(modelGraph(model, 'jump'))
  const refuse = async (): Promise<never> => {
    throw new RunError(`${name}: ${noJumps}; sample it by the method transition`)
  }
  const later = new Map<string, Promise<Program>>()
  /** A program that is compiled when it is first asked for. */
  const once = (what: string, graph: () => Parameters<Runtime['compile']>[0]): Promise<Program> => {
    const program = later.get(what) ?? runtime.compile(graph())
    later.set(what, program)
    return program
  }
  const pull = async (
    value: 'jump' | 'velocity',
    x: Float32Array,
    s: number,
    t: number,
    told: Told | undefined,
    g: Float32Array,
  ) => {
    const program = await once(`${value} pullback`, () => pullbackGraph(model, value))
    return inBlocks(name, program, dimension, rows, x, s, t, told, g)
  }
  /** A graph `(x [n, ...D], s [n], noise [n, ...D])`, whose last input is in the place of a second time. */
  const drawn = async (x: Float32Array, s: number, noise: Float32Array, asked: number | null) => {
    const inner = asked ?? innerJumps(model)
    const program = await once(`drawn ${inner}`, () => drawnGraph(model, inner))
    return inBlocks(name, withoutTarget(program), dimension, rows, x, s, s, undefined, noise)
  }
  const { standardization, columns, space, text } = model.data
  const { predicts = 'velocity', parameterization } = config.network
  const isSimplex = parameterization === 'simplex'
  const point = pointOf(config, model.data)
  const { shape } = point
  const rows = rowsAtOnce(config.network, point, MOST_ROWS)
  const { close, ...run } = closable(
    name,
    {
      jump: (x: Float32Array, s: number, t: number, told?: Told) =>
        jump ? inBlocks(name, jump, dimension, rows, x, s, t, told) : refuse(),
      velocity: async (x: Float32Array, t: number, told?: Told) => {
        const velocity = await once('velocity', () => modelGraph(model, 'velocity'))
        return inBlocks(name, velocity, dimension, rows, x, t, t, told)
      },
      output: async (x: Float32Array, t: number, told?: Told) => {
        const output = await once('output', () => modelGraph(model, 'output'))
        return inBlocks(name, output, dimension, rows, x, t, t, told)
      },
      logits: async (x: Float32Array, s: number, t: number, told?: Told) => {
        const logits = await once('logits', () => modelGraph(model, 'logits'))
        return inBlocks(name, logits, dimension, rows, x, s, t, told)
      },
      jumpPullback: (x: Float32Array, s: number, t: number, g: Float32Array, told?: Told) =>
        pull('jump', x, s, t, told, g),
      velocityPullback: (x: Float32Array, t: number, g: Float32Array, told?: Told) =>
        pull('velocity', x, t, t, told, g),
      drawn,
      along: async (x: Float32Array, vector: Float32Array) =>
        inBlocks(
          name,
          withoutTimes(await once('along', () => alongGraph(model))),
          dimension,
          rows,
          x,
          0,
          0,
          undefined,
          vector,
        ),
    },
    async () => {
      await jump?.close()
      for (const program of later.values()) await (await program).close()
    },
  )
  const bound = (told?: Told): Units & Pick<LoadedMap, 'inner'> => {
    if (noJumps) return asBound({ jump: refuse, velocity: refuse, drawn: run.drawn })
    return asBound({
      jump: (x, s, t) => run.jump(x, s, t, told),
      velocity: (x, t) => run.velocity(x, t, told),
      ...(predicts !== 'velocity' && { output: (x, t) => run.output(x, t, told) }),
      ...(isSimplex && { logits: (x, s, t) => run.logits(x, s, t, told) }),
      ...(spaceOf({ space }).isCurved && { along: run.along }),
      jumpPullback: (x, s, t, g) => run.jumpPullback(x, s, t, g, told),
      velocityPullback: (x, t, g) => run.velocityPullback(x, t, g, told),
    })
  }
  const asBound = (inner: LoadedMap['inner']) => ({ ...outer(dimension, standardization, inner), inner })
  return givenMap(
    name,
    knownCondition(config, model.data),
    bound,
    {
      guidance: guidanceRecord(config),
      dimension,
      shape,
      ...(columns && { columns }),
      ...(text && { text: { ...text, length: shape[0] } }),
      ...(config.prefix > 0 && { prefix: config.prefix }),
      model,
      objective: config.objective,
      interpolant: config.interpolant,
      ...(predicts !== 'velocity' && { predicts }),
      ...(isMatched(config) && { matched: true }),
      ...(isGrounded(config) && { isGrounded: true }),
      ...(model.data.source && { source: model.data.source.name }),
      ...(standardization && { standardization }),
      ...placed(config, model.data),
      close,
    },
    asBound,
  )
}
