import type { Graph } from '../../autodiff/index.ts'
import { knownSize } from '../../autodiff/primitive.ts'
import { generatedDataset } from '../../config/dataset.ts'
import { type Config, pointOf, resolveConfig } from '../../config/index.ts'
import type { Dataset } from '../../data/dataset.ts'
import { parameterCount } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import { compileScan, openRuntime } from '../../runtime/node.ts'
import type { Buffer } from '../../runtime/program.ts'
import { drawNoise, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import { type Model, modelGraph } from '../../serialization/model.ts'
import { mapOfModel } from '../../serialization/model-map.ts'
import { dataRecord } from '../../serialization/record.ts'
import { batchSource } from '../../training/batches.ts'
import { buildStep, type StepGraph } from '../../training/step.ts'
import type { Sampling, Training, Workload } from './workload.ts'

/** As in the references: no clipping, no weighting. */
const configOf = (workload: Workload): Config =>
  resolveConfig({
    ...workload.user,
    optimizer: { clip: null },
    loss: { adaptive: null },
    ...(workload.kind === 'train' && { objective: workload.objective, batch: workload.batch }),
  })

/** What a first run gives, which others must give too. */
export interface First {
  /** Of a training step; of sampling, the mean square of the samples. */
  readonly loss: number
  readonly gradientNorm?: number
}

/** A workload on our own engine, ready to be timed. */
export interface Own {
  readonly first: First
  /** Operations of the matrix products in one run. */
  readonly operations: number
  /** Milliseconds of a run: at least so many of them, inputs drawn beforehand. */
  time(runs: number): Promise<number>
}

/** What everyone begins with. */
interface Begun {
  readonly config: Config
  readonly dataset: Dataset
  /** Parameters of the student and of its average. */
  readonly student: Float32Array
  readonly target: Float32Array
}

export interface BegunTraining extends Begun {
  readonly step: StepGraph
  /** Inputs of the terms, one after another, for the steps of a chunk. */
  readonly inputs: readonly Buffer[]
}

export interface BegunSampling extends Begun {
  readonly noise: Float32Array
}

/** Draws what a training step begins with: the same whoever asks. */
export function beginTraining(workload: Training): BegunTraining {
  const config = configOf(workload)
  const dataset = generatedDataset(config.data)
  const step = buildStep(config, pointOf(config, dataset))
  const inputs = batchSource(config, dataset, step.turns).draw(1, config.chunk)
  return { config, dataset, step, inputs, ...parametersOf(step.players[0].size) }
}

/** Draws what sampling begins with. */
export function beginSampling(workload: Sampling): BegunSampling {
  const config = configOf(workload)
  const dataset = generatedDataset(config.data)
  const noise = drawNoise(workload.count, dataset.dimension, 1)
  return { config, dataset, noise, ...parametersOf(parameterCount(config, pointOf(config, dataset))) }
}

function parametersOf(size: number): Pick<Begun, 'student' | 'target'> {
  const normals = random(0, 'bench')
  const drawn = () => Float32Array.from({ length: size }, () => 0.05 * normals.normal())
  return { student: drawn(), target: drawn() }
}

/** A model of the parameters that everyone begins with. */
export const modelOf = ({ config, dataset }: Begun, parameters: Float32Array): Model => ({
  config,
  dimension: dataset.dimension,
  data: dataRecord(dataset),
  parameters,
})

/** Compiles a workload, and runs it once. */
export const openOwn = (workload: Workload): Promise<Own> =>
  workload.kind === 'train' ? openTraining(workload) : openSampling(workload)

async function openTraining(workload: Training): Promise<Own> {
  const { step, config, student, target, inputs } = beginTraining(workload)
  const program = await compileScan(step.graph, step.state.length)
  const begun: Readonly<Record<string, Float32Array>> = { 'map.parameters': student, 'map.average': target }
  const start: Buffer[] = step.state.map(name => begun[name] ?? new Float32Array(student.length))
  const one = inputs.map(array => array.subarray(0, array.length / config.chunk))
  const metrics = (await program.run([...start, ...one])).at(-1) as Float32Array
  const [loss, gradientNorm] = ['loss', 'gradientNorm'].map(name => metrics[step.metrics.indexOf(name)])
  let state = start
  return {
    first: { loss, gradientNorm },
    operations: operationsOf(step.graph),
    async time(steps) {
      const chunks = Math.ceil(steps / config.chunk)
      const from = performance.now()
      for (let i = 0; i < chunks; i++) {
        state = (await program.run([...state, ...inputs])).slice(0, step.state.length)
      }
      return (performance.now() - from) / (chunks * config.chunk)
    },
  }
}

async function openSampling(workload: Sampling): Promise<Own> {
  const begun = beginSampling(workload)
  const model = modelOf(begun, begun.student)
  const map = await mapOfModel(workload.name, model, await openRuntime())
  const run = () => jumpThrough(map.inner.jump, begun.noise, uniformGrid(workload.jumps))
  const samples = await run()
  return {
    first: { loss: samples.reduce((sum, x) => sum + x * x, 0) / samples.length },
    operations: workload.jumps * workload.count * operationsOf(modelGraph(model, 'jump')),
    async time(runs) {
      const from = performance.now()
      for (let i = 0; i < runs; i++) await run()
      return (performance.now() - from) / runs
    },
  }
}

/** Products and sums of all matrix products of a graph: of one row, where its rows are open. */
const operationsOf = ({ nodes }: Graph): number =>
  nodes.reduce((sum, { op, shape, inputs: [a], params }) => {
    if (op !== 'matmul') return sum
    const { transposeA } = params as { readonly transposeA: boolean }
    return sum + 2 * knownSize(shape) * a.shape.at(transposeA ? -2 : -1)!
  }, 0)

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
