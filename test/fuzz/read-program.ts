import { type CorePrimitive, concat, type Graph, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { sizeOf } from '../../src/autodiff/primitive.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { planOf } from '../../src/runtime/cpu/emit.ts'
import { encode } from '../../src/runtime/cpu/encode.ts'
import { findNative, type Native } from '../../src/runtime/cpu/native.ts'
import { placeRows } from '../../src/runtime/cpu/placing.ts'
import { buildStep } from '../../src/training/step.ts'
import { words } from './forms/words.ts'
import { refusing } from './refused.ts'
import type { Target } from './target.ts'

interface Given {
  readonly graph: Graph<CorePrimitive>
  /** Inputs in front that are its state. */
  readonly carried: number
}

function stepOf(user: UserConfig): Given {
  const config = resolveConfig(user)
  const { network: _, ...rest } = config
  const point = pointOf(rest, generatedDataset(config.data))
  const { graph, state } = buildStep(config, point, {} as never)
  return { graph, carried: state.length }
}

/** A graph of operations that steps of perceptrons do not have. */
const others = (): Given => ({
  graph: simplify(
    trace(
      ({ x, w }) => ({
        a: x.softmax().matmul(w).cumsum(0),
        b: concat([x, x.neg()], 0).sum([0]),
        c: w.square().sum([1]).exp(),
      }),
      { x: spec([6, 5]), w: spec([5, 7]) },
    ),
  ),
  carried: 0,
})

/** The compiled engine; where it has not been built, one that refuses everything. */
const builtEngine = (): Native =>
  findNative() ??
  ({
    open: () => {
      throw new Error('engine: not built')
    },
  } as unknown as Native)

const network = { hidden: 6, layers: 1, frequencies: 1 }

/** Changed programs, each of which must be refused or end, whatever it then gives. */
export const programTarget = (share: number): Target => ({
  form: words,
  errors: ['Refused'],
  share,
  async open() {
    const native = builtEngine()
    const all = [
      stepOf({ objective: 'psd', batch: 9, network } as never),
      stepOf({ objective: 'meanflow', batch: 9, network } as never),
      others(),
    ]
    const programs = all.map(({ graph, carried }) => {
      const encoded = encode(planOf(placeRows(graph, carried)))
      const inputs = graph.inputs.map(({ shape, dtype }) => {
        const length = sizeOf(shape)
        return dtype === 'int64'
          ? new BigInt64Array(length)
          : Float32Array.from({ length }, (_, i) => 0.1 + 0.01 * (i % 7))
      })
      return { ...encoded, carried, inputs, sizes: graph.outputs.map(({ shape }) => sizeOf(shape)) }
    })
    const bytesOf = (given: Int32Array) => new Uint8Array(given.slice().buffer)
    return {
      corpus: programs.map(program => bytesOf(program.words)),
      read: input =>
        refusing(/^engine: /, async () => {
          const given = new Int32Array(Uint8Array.from(input.subarray(0, input.length & ~3)).buffer)
          // What it runs on is that of the program of the nearest length.
          const near = (length: number) => Math.abs(length - given.length)
          const { constants, arena, scratch, carried, inputs, sizes } = programs.toSorted(
            (a, b) => near(a.words.length) - near(b.words.length),
          )[0]
          const outputs = sizes.map(size => new Float32Array(size))
          const opened = native.open(given, constants, arena, scratch, 4, 1)
          try {
            await native.run(opened, 1, carried, 0, inputs, outputs, outputs)
          } finally {
            native.close(opened)
          }
        }),
    }
  },
})
