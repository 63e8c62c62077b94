import { existsSync, readdirSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { z } from 'zod'
import { guidanceRecord } from '../config/guidance.ts'
import { ConfigError } from '../config/index.ts'
import type { Weights } from '../config/weights-name.ts'
import { timeCount } from '../model/index.ts'
import {
  type OperatorConfig,
  operatorMisfit,
  operatorOf,
  operatorSchema,
} from '../objective/rewards/operators.ts'
import { random } from '../random/random.ts'
import { formatNumber, shellWord } from '../report/format.ts'
import { openRuntime } from '../runtime/node.ts'
import { unknownJumps } from '../sampler/sampling.ts'
import { baseHash } from '../serialization/adapter.ts'
import { asRowMap, type Model, withoutCondition } from '../serialization/model.ts'
import { readModel } from '../serialization/model-files.ts'
import { mapOfModel } from '../serialization/model-map.ts'
import { encodeNoiseAdapter } from '../serialization/noise-adapter-file.ts'
import { findTarget } from '../serialization/output.ts'
import { RunError } from '../serialization/run.ts'
import { isVelocityOnly } from '../steering/choices.ts'
import { SteeringError } from '../steering/steerable.ts'
import { openTrainingData } from '../training/data.ts'
import { trainNoiseAdapter } from '../training/noise-adapter.ts'
import { InterruptedError, UsageError } from './failure.ts'
import { writeOutput } from './output-file.ts'
import { askedReward } from './reward-file.ts'
import { note, onInterrupt, overwrite, printJson } from './terminal.ts'
import { timeLeft } from './time-left.ts'
import { writeRun } from './write-run.ts'

interface AdaptFlags {
  readonly observe: string
  readonly points: 'data' | 'map'
  readonly steps: number
  readonly batch: number
  readonly lr: number
  readonly seed: number
  readonly weights: Weights
  /** The run to write the map to, where it trains too. */
  readonly map?: string
  readonly out: string
  readonly json?: boolean
}

const observation = z.strictObject({
  kind: z.literal('observation'),
  operator: operatorSchema,
  /** Of one observation: so that the file of it can be named here too. */
  y: z.unknown().optional(),
  sd: z.number().positive(),
})

/** How points are observed. @throws ConfigError when that is not said, or does not go with the map's points */
function observing(text: string, { shape }: { readonly shape: readonly number[] }) {
  const { block, where } = askedReward({ observe: text })
  const found = observation.safeParse(block)
  if (!found.success) {
    const [{ path, message }] = found.error.issues
    throw new ConfigError(`${where}:${path.length > 0 ? ` ${path.join('.')}:` : ''} ${message}`)
  }
  const { operator, sd } = found.data
  const wrong = operatorMisfit(operator, shape)
  if (wrong) {
    const value = typeof wrong.found === 'string' ? wrong.found : JSON.stringify(wrong.found)
    throw new ConfigError(
      `${where}: operator.${wrong.key}: expected ${wrong.expected} for the points of this map; found ${value}`,
    )
  }
  return { operator, sd } satisfies { operator: OperatorConfig; sd: number }
}

/** The map, of data as a whole. @throws RunError or SteeringError when it does not jump from noise to data */
function mapFor(path: string, weights: Weights): { readonly model: Model; readonly hash: string } {
  if (path.endsWith('.onnx')) {
    throw new RunError(
      `${path}: a noise adapter is trained through the map, and needs a run or a .safetensors model`,
    )
  }
  const whole = readModel(path, weights)
  if (whole.data.source) {
    throw new SteeringError(
      `${path}: starts from points of ${whole.data.source.name}, but a noise adapter needs a map that starts from noise`,
    )
  }
  const model = withoutCondition(whole, path)
  const { objective } = model.config
  const reason = isVelocityOnly(objective)
    ? 'this map is a velocity, whose jump is an Euler step'
    : unknownJumps(objective, [[1, 0]])
  if (reason) throw new SteeringError(`${path}: ${reason}; a noise adapter takes one jump from noise to data`)
  if (guidanceRecord(whole.config).applied !== 'none') {
    throw new SteeringError(`${path}: was trained with guidance; a noise adapter takes maps without`)
  }
  return { model, hash: baseHash(whole.parameters) }
}

/** A map can learn beside its adapter. @throws UsageError or SteeringError when it cannot, or there is no place for it */
function checkJoint(path: string, { config }: Model, { map: directory, points }: AdaptFlags): void {
  if (directory === undefined) return
  if (existsSync(directory) && (!statSync(directory).isDirectory() || readdirSync(directory).length > 0)) {
    throw new UsageError(
      `--map ${directory}: expected a new folder, found one that holds something, or a file`,
    )
  }
  if (points === 'map') throw new UsageError('--map: a map learns from data; leave out --points map')
  const { objective, network, interpolant } = config
  const refuse = (why: string): never => {
    throw new SteeringError(`--map: ${path}: ${why}`)
  }
  const reason = unknownJumps(objective, [[0.8, 0.4]])
  if (reason) refuse(`${reason}; a map trained with its adapter must jump between all times`)
  if (timeCount(network.conditioning) < 2) {
    refuse(`its network sees one time; a map trained with its adapter must see both`)
  }
  if (interpolant !== 'linear') refuse(`expected the path linear, found ${interpolant}`)
}

/** Draws of the points that are observed. */
async function pointsOf(
  path: string,
  model: Model,
  { points, seed }: AdaptFlags,
  jump: (x: Float32Array) => Promise<Float32Array>,
): Promise<(out: Float32Array, step: number) => Promise<void> | void> {
  const { config, data } = model
  if (points === 'map') {
    return async (out, step) => {
      const source = random(seed, 'noise adapter points', step)
      out.set(await jump(Float32Array.from(out, () => source.normal())))
    }
  }
  const dataset = await openTrainingData(config, undefined, data).catch((error: Error) => {
    error.message = `${error.message}; --points map observes samples of the map in place of its data`
    throw error
  })
  if (dataset.fingerprint.sha256 !== data.fingerprint.sha256) {
    throw new RunError(
      `${path}: its data has changed since it was trained; --points map observes samples of the map in place of it`,
    )
  }
  return (out, step) => dataset.sample(random(seed, 'noise adapter points', step), out)
}

/** `oxbow adapt`. */
export async function adaptCommand(path: string, flags: AdaptFlags): Promise<void> {
  const { steps, batch, lr, seed, weights, out, json, map: directory } = flags
  // The names of pipes and devices have no ending.
  if (extname(out) !== '.safetensors' && !findTarget(out).open) {
    throw new UsageError(`--out ${out}: expected a name ending in .safetensors`)
  }
  const { model, hash } = mapFor(path, weights)
  checkJoint(path, model, flags)
  const shape = model.data.shape ?? [model.dimension]
  const { operator, sd } = observing(flags.observe, { shape })
  const opened = operatorOf(operator, shape)
  const runtime = await openRuntime()
  const map = await mapOfModel(path, model, runtime)
  const interrupt = onInterrupt()
  /** Of the log evidence, which the loss leaves out. */
  const level = (opened.size * Math.log(2 * Math.PI * sd * sd)) / 2
  const began = Date.now()
  let told = began
  const progress = (step: number, loss: number): void => {
    const stepsPerSecond = (1000 * step) / Math.max(1, Date.now() - began)
    const line = `step ${step}/${steps}  log evidence >= ${formatNumber(-loss - level, 3)}  ${timeLeft({ step, steps, stepsPerSecond })} left`
    overwrite(line)
    if (process.stderr.isTTY || Date.now() - told < 5000) return
    told = Date.now()
    note(line)
  }
  try {
    const points = await pointsOf(path, model, flags, z => map.inner.jump(z, 1, 0))
    const trained = await trainNoiseAdapter(
      runtime,
      {
        map: parameters => asRowMap(model, 'float32', parameters),
        dimension: model.dimension,
        ...(map.standardization && { standardization: map.standardization }),
        operator: opened,
        sd,
      },
      {
        ...{ steps, batch, learningRate: lr, seed, points, progress, shouldStop: interrupt.stop },
        ...(directory !== undefined && { joint: model.parameters }),
      },
    ).finally(() => overwrite(''))
    if (!trained) {
      throw new InterruptedError(
        `stopped by ${interrupt.signal()}; nothing was written`,
        interrupt.exitCode(),
      )
    }
    const { loss, map: bent, ...adapter } = trained
    const logEvidence = -loss - level
    const bytes = encodeNoiseAdapter(
      { ...adapter, operator, sd, shape, map: bent ? baseHash(bent) : hash },
      { steps, batch, learningRate: lr, seed, points: flags.points, data: model.data.name, logEvidence },
    )
    if (bent) writeRun(directory!, { ...model, parameters: bent })
    const say = writeOutput(out, bytes, false)
    if (json) {
      const found = { operator, sd, points: flags.points, steps, seed, logEvidence }
      return printJson({ file: out, ...(bent && { map: directory }), ...found })
    }
    say(`${out}: noise for ${opened.size} ${opened.size === 1 ? 'number' : 'numbers'} observed with sd ${sd}`)
    say(`log evidence of an observation: at least ${formatNumber(logEvidence, 3)} in the mean`)
    if (bent) say(`${directory}: the map that learnt beside it`)
    note(
      `use it: oxbow steer ${shellWord(directory ?? path)} --observe OBSERVATION --adapter ${shellWord(out)}`,
    )
  } finally {
    interrupt.release()
    await map.close()
  }
}
