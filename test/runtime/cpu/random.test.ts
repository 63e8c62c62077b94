import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type CorePrimitive,
  DYNAMIC,
  evaluate,
  type Graph,
  grad,
  type Shape,
  simplify,
  spec,
  type Tensor,
  trace,
  type Value,
} from '../../../src/autodiff/index.ts'
import { openOnce, openScan } from '../../../src/runtime/cpu/engine.ts'
import { UnplannedError } from '../../../src/runtime/cpu/fallback.ts'
import { findNative } from '../../../src/runtime/cpu/native.ts'
import { compile } from '../../../src/runtime/node.ts'
import type { Buffer, Program } from '../../../src/runtime/program.ts'
import { type Instruction, instructions, runProgram } from '../../autodiff/random-graph.ts'
import { sampleArgument } from '../../autodiff/values.ts'
import { isWhole } from '../../helpers/long.ts'
import { buffers, offBy } from './near.ts'

const native = findNative()!
const RUNS = isWhole ? 1000 : 40

const drawn = {
  program: instructions,
  batch: fc.constantFrom(1, 2, 7, 48, 97),
  // Constants of random programs are of three numbers.
  width: fc.constantFrom(3, 3, 1, 2, 5, 16, 33),
  inner: fc.constantFrom(3, 1, 4, 8, 37),
  seed: fc.nat(1e6),
}

/** Parameters in front, then what has rows. */
const shapesOf = (batch: number, width: number, inner: number): Shape[] => [
  [width, inner],
  [inner],
  [],
  [batch, width],
  [batch, 1],
]
const PARAMETERS = 3

const samples = (shapes: readonly Shape[], seed: number): Value[] =>
  shapes.map((shape, i) => sampleArgument({ shape, low: -1.5, high: 1.5, gap: 0 }, seed, i))

/** All that a random program makes of its inputs, rounding apart continuous. */
const madeBy = (program: readonly Instruction[], inputs: readonly Tensor[]): Tensor[] =>
  runProgram(program, inputs, { withKinks: false })

const lossOf = (made: readonly Tensor[]): Tensor =>
  made.map(each => each.sigmoid().mean()).reduce((a, b) => a.add(b))

/** Runs a graph where the engine does; whether it did. */
async function agrees(
  graph: Graph<CorePrimitive>,
  values: readonly Value[],
  open: () => Program,
): Promise<boolean> {
  let opened: Program
  try {
    opened = open()
  } catch (error) {
    if (error instanceof UnplannedError) return false
    throw error
  }
  const found = await opened.run(buffers(graph, values))
  await opened.close()
  let others: Buffer[] | undefined
  for (const [i, expected] of evaluate(graph, values).entries()) {
    const off = offBy(found[i], expected)
    if (off < 1e-2) continue
    // Some programs make noise of rounding large: then that of ONNX Runtime is large, too.
    others ??= await (await compile(graph, { threads: 1 })).run(buffers(graph, values))
    expect(off, graph.outputNames[i]).toBeLessThanOrEqual(4 * offBy(others[i], expected))
  }
  return true
}

describe.skipIf(!native)(
  'the compiled engine agrees with the evaluator on random programs',
  { timeout: 240_000 },
  () => {
    const counts = { ran: 0, other: 0 }
    const count = (ran: boolean) => counts[ran ? 'ran' : 'other']++
    beforeAll(() => void vi.stubEnv('OXBOW_ENGINE', ''))
    afterAll(() => void vi.unstubAllEnvs())
    afterAll(() => console.log(`random programs: ${counts.ran} ran, ${counts.other} are not for the engine`))

    test('that train', async () => {
      const property = fc.asyncProperty(fc.record(drawn), async ({ program, batch, width, inner, seed }) => {
        const shapes = shapesOf(batch, width, inner)
        const graph = simplify(
          trace(
            list => {
              const inputs = list as Tensor[]
              const gradients = grad((all: Tensor[]) => lossOf(madeBy(program, all)))(inputs) as Tensor[]
              const parameters = inputs.slice(0, PARAMETERS).map((p, i) => p.sub(gradients[i].mul(0.1)))
              return [...parameters, lossOf(madeBy(program, inputs)), ...gradients.slice(PARAMETERS)]
            },
            shapes.map(shape => spec(shape)),
          ),
        )
        const open = () => openScan(native, graph, PARAMETERS, { threads: 2 })
        count(await agrees(graph, samples(shapes, seed), open))
      })
      await fc.assert(property, { numRuns: RUNS, seed: 8 })
      expect(counts.ran).toBeGreaterThan(0.9 * RUNS)
    })

    test.each([
      ['that run once', false],
      ['of an open batch', true],
    ])('%s', async (_, isOpen) => {
      const before = { ...counts }
      const property = fc.asyncProperty(fc.record(drawn), async ({ program, batch, width, inner, seed }) => {
        const graph = simplify(
          trace(
            list => madeBy(program, list as Tensor[]),
            shapesOf(isOpen ? DYNAMIC : batch, width, inner).map(shape => spec(shape)),
          ),
        )
        const open = () => openOnce(native, graph, { threads: 2 })
        count(await agrees(graph, samples(shapesOf(batch, width, inner), seed), open))
      })
      await fc.assert(property, { numRuns: RUNS, seed: 9 })
      expect(counts.ran - before.ran).toBeGreaterThan(RUNS / 3)
    })
  },
)
