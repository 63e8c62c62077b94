import {
  type CorePrimitive,
  concat,
  type Graph,
  sizeOf,
  spec,
  type Tensor,
  trace,
} from '../../autodiff/index.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../config/index.ts'
import { generatedDataset } from '../../data/catalogue.ts'
import { random } from '../../random/random.ts'
import { compile, compileScan } from '../../runtime/node.ts'
import type { Buffer, Program } from '../../runtime/program.ts'
import { batchSource } from '../../training/batches.ts'
import { buildStep } from '../../training/step.ts'
import { writeDrawn } from './exchange.ts'
import { stepsOf, type Workload } from './workload.ts'

/** Our training step, ready to be timed. */
export interface OwnStep {
  /** Milliseconds of one step, inputs drawn beforehand. */
  time(steps: number): Promise<number>
  /** Milliseconds of one step's matrix products alone, on the same runtime. */
  floor(): Promise<number>
  /** Milliseconds of drawing one step's data, noise and times. */
  drawing(): number
  /** Loss and gradient of the very first step, and the file of what it is computed from. */
  first(): Promise<First>
  close(): Promise<void>
}

/** What a first step gives, which a reference must give too. */
export interface First {
  readonly loss: number
  readonly gradientNorm: number
  readonly path: string
  readonly remove: () => void
}

/** As in the references: no clipping, no weighting, `meanflow` on the whole batch. */
const configOf = (workload: Workload) =>
  resolveConfig({
    objective: workload.objective,
    batch: workload.batch,
    ...networkOf(workload),
    optimizer: { clip: null },
    loss: { adaptive: null },
  })

function networkOf({ picture }: Workload): UserConfig {
  if (!picture) return { network: { frequencies: 8 } }
  const { size, ...keys } = picture
  // A run of the graph is of as many steps as are timed at once.
  return { data: { glyphs: { size } }, network: { kind: 'dit', ...keys }, chunk: 2 }
}

/** Compiles the step of a workload. */
export async function openStep(workload: Workload): Promise<OwnStep> {
  const config = configOf(workload)
  const dataset = generatedDataset(config.data)
  const step = buildStep(config, pointOf(config, dataset))
  const program = await compileScan(step.graph, step.state.length)
  const normals = random(0, 'bench')
  const [{ size }] = step.players
  const drawn = () => Float32Array.from({ length: size }, () => 0.05 * normals.normal())
  const [student, target] = [drawn(), drawn()]
  const begun: Readonly<Record<string, Float32Array>> = { 'map.parameters': student, 'map.average': target }
  const start: Buffer[] = step.state.map(name => begun[name] ?? new Float32Array(size))
  let state = start
  const source = batchSource(config, dataset, step.turns)
  const inputs = source.draw(1, config.chunk)

  return {
    async first() {
      const one = inputs.map(array => array.subarray(0, array.length / config.chunk))
      const metrics = (await program.run([...start, ...one])).at(-1) as Float32Array
      const [loss, gradientNorm] = ['loss', 'gradientNorm'].map(name => metrics[step.metrics.indexOf(name)])
      const { terms } = step
      return {
        loss,
        gradientNorm,
        ...writeDrawn({ config, dataset, student, target, terms, inputs }, config.chunk),
      }
    },
    async time(steps) {
      const chunks = Math.max(1, Math.round(steps / config.chunk))
      const start = performance.now()
      for (let i = 0; i < chunks; i++) {
        const outputs = await program.run([...state, ...inputs])
        state = outputs.slice(0, step.state.length)
      }
      return (performance.now() - start) / (chunks * config.chunk)
    },
    floor: () => productFloor(step.graph, stepsOf(workload) > 2 ? 25 : 3),
    drawing() {
      const start = performance.now()
      source.draw(1, config.chunk)
      return (performance.now() - start) / config.chunk
    },
    close: () => program.close(),
  }
}

/** Every matrix product of a graph on operands of its own, and nothing else but a look at one element of each. */
function productsOf(graph: Graph<CorePrimitive>): Graph<CorePrimitive> {
  const products = graph.nodes.filter(node => node.op === 'matmul') as unknown as Tensor<'matmul'>[]
  const keyOf = (node: Tensor) => `m${node.shape.join('x')}`
  const shapes = new Map(
    products.flatMap(node => node.inputs.map(input => [keyOf(input), input.shape] as const)),
  )
  const specs = Object.fromEntries([...shapes].map(([key, shape]) => [key, spec(shape)]))
  const traced = trace(operands => {
    const looks = products.map(({ inputs: [a, b], params }) => {
      const product = operands[keyOf(a)].matmul(operands[keyOf(b)], params)
      return product.shape.reduce((look, _, axis) => look.slice(axis, 0, 1), product).reshape([1])
    })
    return concat(looks, 0)
  }, specs)
  return traced as Graph<CorePrimitive>
}

async function productFloor(graph: Graph<CorePrimitive>, times: number): Promise<number> {
  const products = productsOf(graph)
  // Without optimisation equal products stay apart, as they are in the step.
  const program: Program = await compile(products, { optimize: false, spinning: true })
  const source = random(0, 'floor')
  const inputs = products.inputs.map(({ shape }) =>
    Float32Array.from({ length: sizeOf(shape) }, () => source.normal()),
  )
  const found: number[] = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    await program.run(inputs)
    found.push(performance.now() - start)
  }
  await program.close()
  return median(found)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
