import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { FLAGS, type Unit } from '../../../native/flags.mjs'
import {
  DYNAMIC,
  evaluate,
  type Graph,
  simplify,
  spec,
  trace,
  type Value,
} from '../../../src/autodiff/index.ts'
import { knownSize } from '../../../src/autodiff/primitive.ts'
import { random } from '../../../src/random/random.ts'
import { planOf } from '../../../src/runtime/cpu/emit.ts'
import { encode } from '../../../src/runtime/cpu/encode.ts'
import { placeRows } from '../../../src/runtime/cpu/placing.ts'
import type { Buffer } from '../../../src/runtime/program.ts'
import { buffers, expectNear } from './near.ts'
import { changeOf, ofObjective, type Step, scannedFor, stepOf, transformers, valuesFor } from './steps.ts'

/** How native/harness.cpp is compiled and run. */
export interface Build {
  readonly name: string
  readonly folder: string
  /** A command with its first arguments. */
  readonly compiler: readonly string[]
  readonly flags: readonly string[]
  readonly units: readonly Unit[]
  /** Instruction sets, each of which runs all. */
  readonly instructions: readonly string[]
  readonly command: (program: string, args: readonly string[]) => [string, string[]]
}

/** Compiles the harness, two files at a time. */
async function harness({ name: build, folder, compiler, flags, units }: Build): Promise<string> {
  const [program, ...first] = compiler
  const compile = (args: readonly string[]) => promisify(execFile)(program, [...first, ...args])
  const common = [...flags, ...FLAGS, '-w']
  const all = [...units, { name: 'harness', source: 'harness.cpp', flags: [] }]
  const objectOf = (name: string): string => join(folder, `${name}-${build}.o`)
  const left = [...all]
  const work = async () => {
    for (let unit = left.shift(); unit; unit = left.shift()) {
      const { name, source, flags: own } = unit
      await compile([...common, ...own, '-c', resolve('native', source), '-o', objectOf(name)])
    }
  }
  await Promise.all([work(), work()])
  const out = join(folder, `harness-${build}`)
  await compile([...common, ...all.map(({ name }) => objectOf(name)), '-lpthread', '-o', out])
  return out
}

export interface Case {
  readonly graph: Graph
  readonly carried: number
  readonly steps: number
  /** Of an open batch. */
  readonly rows: number
  readonly inputs: readonly Buffer[]
  /** What the evaluator gives, where that is compared. */
  readonly expected?: readonly Value[]
  /** Changed programs that are run in the place of it. */
  readonly changes: number
}

const numbers = (...all: number[]): Uint8Array => new Uint8Array(BigInt64Array.from(all, BigInt).buffer)
const bytesOf = ({ buffer, byteOffset, byteLength }: Buffer | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const sizesOf = ({ graph, carried, steps, rows }: Case): number[] =>
  graph.outputs.map(
    ({ shape }, i) => knownSize(shape) * (shape.includes(DYNAMIC) ? rows : 1) * (i < carried ? 1 : steps),
  )

/** A case as native/harness.cpp reads it. */
function written(given: Case): Uint8Array[] {
  const { graph, carried, steps, rows, inputs, changes } = given
  const { words, constants, arena, scratch } = encode(planOf(placeRows(graph as Step['graph'], carried)))
  const drawn = random(7, 'changes')
  const sizes = sizesOf(given)
  return [
    numbers(
      words.length,
      constants.length,
      arena,
      scratch,
      4,
      steps,
      carried,
      rows,
      inputs.length,
      sizes.length,
    ),
    bytesOf(words),
    bytesOf(constants),
    ...inputs.flatMap(input => [numbers(input.byteLength / 4), bytesOf(input)]),
    numbers(...sizes),
    numbers(changes),
    ...Array.from({ length: changes }, () => {
      const change = changeOf(words, drawn)
      return numbers(change.length, ...change.flat())
    }),
  ]
}

/** One step, whose outputs are known. */
function once({ graph, carried }: Step): Case {
  const values = valuesFor(graph)
  const expected = evaluate(graph, values)
  return { graph, carried, steps: 1, rows: 0, inputs: buffers(graph, values), expected, changes: 0 }
}

const several = ({ graph, carried }: Step, changes = 0): Case => ({
  ...{ graph, carried, steps: 3, rows: 0, inputs: scannedFor(graph, carried, 3), changes },
})

/** Numbers that are none, classes that there are not. */
const strange = (given: Case): Case => ({
  ...given,
  expected: undefined,
  inputs: given.inputs.map(input =>
    input instanceof BigInt64Array
      ? input.map((_, k) => [-1n, 2n ** 62n, 1n, -(2n ** 63n)][k % 4])
      : Float32Array.from(input, (x, k) => [NaN, Infinity, -3e38, x, 1e-45, -Infinity][k % 6] as number),
  ),
})

function open(rows: number): Case {
  const graph = simplify(
    trace(({ x, t, w }) => ({ y: x.matmul(w).add(t.sin()).softmax(), sums: x.mul(t).sum([-1]) }), {
      x: spec([DYNAMIC, 5]),
      t: spec([DYNAMIC, 1]),
      w: spec([5, 33]),
    }),
  )
  const inputs = graph.inputs.map(input => ({ ...input, shape: input.shape.map(n => (n < 0 ? rows : n)) }))
  const values = valuesFor({ ...graph, inputs } as never)
  const expected = evaluate(graph, values)
  return { graph, carried: 0, steps: 1, rows, inputs: buffers(graph, values), expected, changes: 0 }
}

/** Programs of all kinds of instructions, whatever they are compiled with. */
export function programs(): Case[] {
  const rings = ['psd', 'meanflow', 'tvm'].map(id => stepOf(ofObjective(id, { batch: 101 })))
  const pictures = ['imf, tokens', 'tvm, normalised'].map(name => stepOf(transformers[name]))
  return [
    ...[...rings, ...pictures].map(once),
    several(rings[0]),
    several(pictures[0]),
    strange(once(rings[0])),
    strange(once(pictures[0])),
    open(1),
    open(7),
    open(100),
  ]
}

/** The same with any words changed, of small steps. */
export function changed(): Case[] {
  const ring = stepOf(
    ofObjective('meanflow', { batch: 9, network: { hidden: 6, layers: 1, frequencies: 1 } }),
  )
  return [several(ring, 600), several(stepOf(transformers.psd), 200), { ...open(7), changes: 400 }]
}

/** Runs cases with each instruction set, and compares what is known. */
export async function runCases(build: Build, cases: readonly Case[]): Promise<void> {
  const [given, out] = ['cases', 'outputs'].map(name => join(build.folder, `${name}-${build.name}`))
  writeFileSync(given, Buffer.concat(cases.flatMap(written)))
  const program = await harness(build)
  for (const OXBOW_INSTRUCTIONS of build.instructions) {
    const { stdout, stderr } = await promisify(execFile)(...build.command(program, [given, out]), {
      env: { ...process.env, OXBOW_INSTRUCTIONS },
      timeout: 240_000,
    })
    expect(stderr).toBe('')
    const [, count, survived, refused] = stdout.split(' ').map(Number)
    expect(count).toBe(cases.length)
    const changes = cases.reduce((sum, each) => sum + each.changes, 0)
    expect(survived + refused).toBe(changes)
    if (changes > 0) expect(Math.min(survived, refused)).toBeGreaterThan(changes / 10)
    const found = readFileSync(out)
    let at = 0
    for (const each of cases.filter(({ changes }) => changes === 0)) {
      const outputs = sizesOf(each).map(size => {
        const bytes = found.subarray(at, (at += 4 * size))
        return new Float32Array(Uint8Array.from(bytes).buffer)
      })
      if (each.expected) expectNear(each.graph, outputs, each.expected, 5e-4)
    }
    expect(at).toBe(found.length)
  }
}
