import { readFileSync } from 'node:fs'
import { openModel } from '../../src/runtime/node.ts'
import type { Buffer as Numbers } from '../../src/runtime/program.ts'
import type { State } from '../../src/serialization/checkpoint.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { openSplitDraws } from '../../src/training/split/draws.ts'
import { type SplitTraining, splitFiles } from '../../src/training/split/folder.ts'

type Port = SplitTraining['update']['inputs'][number]

/** The arrays of some inputs, which bytes hold one after another. */
function arraysOf(bytes: Uint8Array, ports: readonly Port[]): [Record<string, Numbers>, rest: Uint8Array] {
  let from = 0
  const arrays = ports.map(({ name, shape, dtype }) => {
    const kind = dtype === 'int64' ? BigInt64Array : Float32Array
    const to = from + shape.reduce((a, b) => a * b, 1) * kind.BYTES_PER_ELEMENT
    const data = new kind(Uint8Array.from(bytes.subarray(from, to)).buffer)
    from = to
    return [name, data] as const
  })
  return [Object.fromEntries(arrays), bytes.subarray(from)]
}

/** One step of an exported training as it was made. */
export interface SplitStepMade {
  readonly step: number
  readonly norms: readonly number[]
  readonly lines: readonly number[]
}

/** Trains an exported training as its launcher does, in one process on ONNX Runtime. @param to  the last step */
export async function runSplit(
  folder: string,
  to = Infinity,
): Promise<{ state: State; steps: SplitStepMade[] }> {
  const { training, ...draws } = await openSplitDraws(folder)
  const files = splitFiles(folder)
  const open = (path: string) => openModel(readFileSync(path), { threads: 1 })
  const [gradients, update] = [await open(files.gradients), await open(files.update)]
  const from = (graph: 'gradients' | 'update', source: string): Port[] =>
    training[graph].inputs.filter(port => port.from === source)
  const { tensors } = decodeSafetensors(readFileSync(files.start), files.start)
  const names = from('update', 'state').map(({ name }) => name)
  let state: Record<string, Numbers> = Object.fromEntries(
    names.map(name => [name, tensors[name.slice('state.'.length)].data]),
  )
  const own = Array.from({ length: training.parts }, (_, part) => part)
  const steps: SplitStepMade[] = []
  for (let step = training.step + 1; step <= Math.min(to, training.steps); step++) {
    const [schedule, shares] = arraysOf(Buffer.concat(draws.of(step, own)), from('update', 'schedule'))
    let rest = shares
    let sums: Float32Array[] | undefined
    for (let share = 0; share < training.batches * training.parts; share++) {
      const [drawn, after] = arraysOf(rest, from('gradients', 'draws'))
      rest = after
      const known: Record<string, Numbers> = { ...state, ...schedule, ...drawn }
      const made = (await gradients.program.run(
        gradients.inputs.map(({ name }) => known[name]),
      )) as Float32Array[]
      sums = sums ? sums.map((sum, i) => sum.map((value, k) => value + made[i][k])) : made
    }
    if (rest.length > 0) throw new Error(`step ${step}: ${rest.length} bytes too many`)
    const lines = sums!.at(-1)!
    const fed = Object.fromEntries(from('update', 'gradients').map(({ name }, i) => [name, sums![i]]))
    const known: Record<string, Numbers> = { ...state, ...schedule, ...fed }
    const after = (await update.program.run(update.inputs.map(({ name }) => known[name]))) as Float32Array[]
    state = Object.fromEntries(names.map((name, i) => [name, after[i]]))
    steps.push({ step, norms: [...after.at(-1)!], lines: [...lines] })
  }
  await gradients.program.close()
  await update.program.close()
  const plain = Object.entries(state).map(([name, data]) => [
    name.slice('state.'.length),
    data as Float32Array,
  ])
  return { state: Object.fromEntries(plain), steps }
}
