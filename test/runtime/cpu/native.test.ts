import { describe, expect, test, test as vitest } from 'vitest'
import {
  type CorePrimitive,
  concat,
  constant,
  DYNAMIC,
  evaluate,
  type Graph,
  jvp,
  simplify,
  spec,
  type Tensor,
  trace,
  vjp,
} from '../../../src/autodiff/index.ts'
import { sizeOf } from '../../../src/autodiff/primitive.ts'
import { objectives } from '../../../src/objective/index.ts'
import { random } from '../../../src/random/random.ts'
import { planOf } from '../../../src/runtime/cpu/emit.ts'
import { encode } from '../../../src/runtime/cpu/encode.ts'
import { openOnce, openScan } from '../../../src/runtime/cpu/engine.ts'
import { ELEMENTWISE, type Elementwise } from '../../../src/runtime/cpu/instruction.ts'
import { findNative } from '../../../src/runtime/cpu/native.ts'
import { placeRows } from '../../../src/runtime/cpu/placing.ts'
import { wasmEngine } from '../../../src/runtime/cpu/wasm.ts'
import type { Buffer } from '../../../src/runtime/program.ts'
import { allCases } from '../../autodiff/gallery.ts'
import { sampleArguments } from '../../autodiff/values.ts'
import { isWhole, some } from '../../helpers/long.ts'
import { buffers, expectNear, once } from './near.ts'
import { changeOf, ofObjective, scannedFor, stepOf, transformers, valuesFor } from './steps.ts'

const native = findNative()!
/** The same programs in both; the compiled one is tested where `npm run build:native` has built it. */
const engines = [
  ['the compiled engine', native],
  ['WebAssembly', wasmEngine()],
] as const

describe.each(engines)('%s agrees with the evaluator', (_, engine) => {
  const test = engine ? vitest : vitest.skip
  const sizes = [
    [1, 1, 1],
    [1, 2, 3],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 1],
    [2, 3, 4],
    [5, 5, 5],
  ] as const

  test.each(some(allCases))('$title, with both derivatives', async ({ make, roundoff = 2e-5 }) => {
    for (const size of some(sizes)) {
      const [args, fn] = make(size[0], size[1], size[2])
      const graph = simplify(
        trace(
          list => {
            const inputs = list as Tensor[]
            const [primal, derivative] = jvp(fn, inputs, inputs)
            return { primal, derivative, gradients: vjp(fn, inputs)[1](primal) }
          },
          args.map(({ shape }) => spec(shape)),
        ),
      )
      const values = sampleArguments(args, 3)
      const found = await once(openOnce(engine, graph, { threads: 2 }), buffers(graph, values))
      expectNear(graph, found, evaluate(graph, values), 5 * roundoff)
    }
  })

  const agrees = async (graph: Graph<CorePrimitive>, carried: number) => {
    const values = valuesFor(graph)
    const inputs = buffers(graph, values)
    const found = await once(openScan(engine, graph, carried, { threads: 2 }), inputs)
    expectNear(graph, found, evaluate(graph, values), 5e-4)
  }

  test.each(some([...objectives.keys()]))('on a step of %s', async id => {
    const { graph, carried } = stepOf(ofObjective(id))
    await agrees(graph, carried)
  })

  test.each(some(Object.entries(transformers)))('on a step of a transformer: %s', async (_, user) => {
    const { graph, carried } = stepOf(user)
    await agrees(graph, carried)
  })

  test.each([1, 7, 48, 100])('on a batch of %d that was left open', async rows => {
    const graph = simplify(
      trace(({ x, t, w }) => ({ y: x.matmul(w).add(t.sin()).sigmoid(), sums: x.mul(t).sum([-1]) }), {
        x: spec([DYNAMIC, 5]),
        t: spec([DYNAMIC, 1]),
        w: spec([5, 33]),
      }),
    )
    const values = valuesFor({
      ...graph,
      inputs: graph.inputs.map(input => ({ ...input, shape: input.shape.map(n => (n < 0 ? rows : n)) })),
    } as never)
    const found = await once(openOnce(engine, graph, { threads: 2 }), buffers(graph, values))
    expectNear(graph, found, evaluate(graph, values), 1e-5)
  })
})

// Each was wrong once, as random programs have found.
describe.each(engines)('%s agrees on', (_, engine) => {
  const test = engine ? vitest : vitest.skip
  const input = (...shape: number[]) => spec(shape)
  const inOne = (graph: Graph<CorePrimitive>, rows = 0) => {
    const inputs = graph.inputs.map(each => ({ ...each, shape: each.shape.map(n => (n < 0 ? rows : n)) }))
    const values = valuesFor({ ...graph, inputs } as never)
    return once(openOnce(engine, graph, { threads: 2 }), buffers(graph, values)).then(found =>
      expectNear(graph, found, evaluate(graph, values), 1e-5),
    )
  }

  test('rows that rows of a later stage and a whole need', () =>
    inOne(
      simplify(
        trace(
          ({ x }) => {
            const y = x.mul(2)
            return y.add(y.cumsum(0))
          },
          { x: input(5, 4) },
        ),
      ),
    ))

  test('an input behind itself, as a whole', () =>
    inOne(simplify(trace(({ w, t }) => concat([w, w], 0).add(t), { w: input(3, 3), t: input(1, 1) }))))

  test('constants that differ from row to row', () =>
    inOne(simplify(trace(({ w }) => w.sum([1]).add(constant([1, 0, -2, 5, 4], [5])), { w: input(5, 3) }))))

  test('a vector of one number beside an open batch', () =>
    inOne(
      simplify(trace(({ x, b }) => ({ y: x.mul(2), b: b.neg() }), { x: input(DYNAMIC, 3), b: input(1) })),
      7,
    ))

  test('no values without numbers, which it refuses', () => {
    const graph = simplify(trace(({ x }) => concat([x, x.slice(0, 1)], 0).mul(2), { x: input(1, 3) }))
    expect(() => openOnce(engine, graph, { threads: 1 })).toThrow('a value has no numbers')
  })
})

describe.skipIf(!native)('the compiled engine', () => {
  const { graph, carried } = stepOf(ofObjective('psd', { batch: 101 }))
  const scanned = (steps: number): Buffer[] => scannedFor(graph, carried, steps)

  test('gives the same bits with any number of threads, and in one run or step by step', async () => {
    const inputs = scanned(3)
    const [one, two, five] = await Promise.all(
      [1, 2, 5].map(threads => once(openScan(native, graph, carried, { threads }), inputs)),
    )
    expect(two).toEqual(one)
    expect(five).toEqual(one)
    const program = openScan(native, graph, carried, { threads: 2 })
    let state = inputs.slice(0, carried)
    for (let k = 0; k < 3; k++) {
      const own = inputs
        .slice(carried)
        .map(all => all.slice((k * all.length) / 3, ((k + 1) * all.length) / 3))
      state = (await program.run([...state, ...own])).slice(0, carried)
    }
    expect(state).toEqual(one.slice(0, carried))
    await program.close()
  })

  test('may be asked again at once', async () => {
    const program = openScan(native, graph, carried, { threads: 2 })
    const [a, b] = await Promise.all([program.run(scanned(2)), program.run(scanned(2))])
    expect(a).toEqual(b)
    await program.close()
    await program.close()
    await expect(program.run(scanned(2))).rejects.toThrow(/has been closed/)
  })

  test('refuses inputs of other lengths and types, and words that are no program', async () => {
    const program = openScan(native, graph, carried, { threads: 1 })
    const [first, ...rest] = scanned(1)
    await expect(program.run([first.subarray(1), ...rest])).rejects.toThrow(/elements do not fill/)
    await expect(program.run([new Float64Array(first.length), ...rest])).rejects.toThrow(
      /expected Float32Array/,
    )
    const { words, constants, arena, scratch } = encode(planOf(placeRows(graph, carried)))
    const open = (given: Int32Array) => native.open(given, constants, arena, scratch, 4, 1)
    for (const length of [0, 1, 5, words.length - 1]) {
      expect(() => open(words.subarray(0, length))).toThrow(/engine: the program/)
    }
    expect(() => open(words.map((word, i) => (i === 0 ? 7 : word)))).toThrow(/of another version/)
    const opened = open(words)
    const outputs = graph.outputs.map(({ shape }) => new Float32Array(sizeOf(shape)))
    const given = scanned(1)
    const run = (inputs: Buffer[], steps = 1) =>
      native.run(opened, steps, carried, 0, inputs, outputs, outputs)
    expect(() => run(given.slice(1))).toThrow(/needs other inputs/)
    expect(() => run(given.map((values, i) => (i === 0 ? values.slice(1) : values)))).toThrow(/needs other/)
    expect(() => run(given, 2)).toThrow(/needs other inputs/)
    const running = run(given)
    expect(() => run(given)).toThrow(/is running/)
    await running
    expect(() => native.run({}, 1, 0, 0, [], [], [])).toThrow(/not what it should be/)
  })

  test('touches nothing for loops of no turns, and yet wants what they name to be there', async () => {
    const [elementwise, accumulate] = [0, 2]
    const [copy, integers] = ['copy', 'integers'].map(kind => ELEMENTWISE.indexOf(kind as Elementwise))
    const [input, output] = [3, 4]
    /** A program of one instruction of 0 x 3 turns, from one input or memory to the first output. */
    const emptyOf = (operation: number, body: readonly number[], from: number) => {
      const views = [output, 0, 0, 0, 0, 1, input, from, 0, 0, 0, 1]
      const instruction = [operation, 5 + body.length + views.length, ...body, 2, 0, 3, ...views]
      return Int32Array.from([3, 0, 0, 0, 1, 1, 1, 1, 1, instruction.length, ...instruction])
    }
    const given = new BigInt64Array(3).fill(5n)
    for (const [operation, body] of [
      [elementwise, [1, 1, 0, 1, copy, 0, 0, 1, 1, 1]],
      [elementwise, [1, 1, 0, 1, integers, 0, 0, 1, 1, 1]],
      [accumulate, [0, 0]],
    ] as const) {
      const open = (from: number) =>
        native.open(emptyOf(operation, body, from), new Float32Array(0), 0, 1024, 1, 1)
      const out = new Float32Array(3).fill(7)
      await native.run(open(0), 1, 0, 0, [given], [out], [out])
      expect([...out]).toEqual([7, 7, 7])
      expect(() => native.run(open(60_000), 1, 0, 0, [given], [out], [out])).toThrow(/needs other inputs/)
    }
  })

  test('refuses or survives programs with any word changed', async () => {
    const { words, constants, arena, scratch } = encode(planOf(placeRows(graph, carried)))
    const outputs = graph.outputs.map(({ shape }) => new Float32Array(sizeOf(shape)))
    const drawn = random(5, 'words')
    let refused = 0
    for (let trial = 0; trial < (isWhole ? 4000 : 400); trial++) {
      const changed = words.slice()
      for (const [at, word] of changeOf(words, drawn)) changed[at] = word
      try {
        const program = native.open(changed, constants, arena, scratch, 4, 2)
        await native.run(program, 1, carried, 0, scanned(1), outputs, outputs)
        native.close(program)
      } catch (error) {
        expect((error as Error).message).toMatch(/^engine: /)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
  })
})
