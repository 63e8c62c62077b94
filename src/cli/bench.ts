import { cpus } from 'node:os'
import { defaultThreads } from '../runtime/threads.ts'
import {
  type Contender,
  FRAMEWORKS,
  type Framework,
  type Missing,
  readyAll,
  startContenders,
} from './bench/contenders.ts'
import { watchMemory } from './bench/memory.ts'
import { median, type OwnStep, openStep } from './bench/own.ts'
import { stepsOf, type Workload, workloads } from './bench/workload.ts'
import { UsageError } from './failure.ts'
import { columns, note, print, printJson } from './terminal.ts'

interface BenchFlags {
  readonly python: string
  readonly rounds: number
  readonly quick?: boolean
  readonly only?: string
  readonly json?: boolean
}

interface Timing {
  readonly ms: number
  readonly version?: string
  /** The thread count that was faster. */
  readonly threads?: number
  /** Bytes taken at most, of a transformer; absent where the system does not tell. */
  readonly peakBytes?: number
}

type BenchRow = {
  readonly name: string
  readonly oxbow: Timing
  /** Time of the step's matrix products alone. */
  readonly floorMs: number
  /** Time of drawing the step's data, noise and times, which training adds. */
  readonly drawingMs: number
} & { readonly [framework in Framework]?: Timing }

/** The better of a framework's thread counts. */
const bestOf = (contenders: readonly Contender[]): Timing | undefined =>
  contenders
    .map(({ times, threads, reference, peakBytes }) => ({
      ms: round(median(times)),
      version: reference.version,
      threads,
      ...(peakBytes !== undefined && { peakBytes }),
    }))
    .sort((a, b) => a.ms - b.ms)[0]

/** Rounds in which everyone runs once, so that a busy moment hits all alike. */
async function rounds(
  own: OwnStep,
  workload: Workload,
  started: readonly Contender[],
  count: number,
): Promise<BenchRow> {
  const steps = stepsOf(workload)
  const peak = workload.picture && watchMemory()
  await own.time(steps)
  const first = workload.picture && (await own.first())
  const peakBytes = peak?.()
  try {
    const contenders = await readyAll(started, workload, first)
    const [ours, drawing, floors]: number[][] = [[], [], []]
    for (let i = 0; i < count; i++) {
      ours.push(await own.time(steps))
      drawing.push(own.drawing())
      floors.push(await own.floor())
      for (const contender of contenders) {
        const { ms, peakBytes } = await contender.reference.time(steps)
        contender.times.push(ms)
        if (workload.picture) contender.peakBytes = peakBytes
      }
    }
    const names = Object.keys(FRAMEWORKS) as Framework[]
    return {
      name: workload.name,
      oxbow: {
        ms: round(median(ours)),
        threads: defaultThreads(),
        ...(peakBytes !== undefined && { peakBytes }),
      },
      ...Object.fromEntries(
        names.map(name => [name, bestOf(contenders.filter(({ framework }) => framework === name))]),
      ),
      floorMs: round(median(floors)),
      drawingMs: round(median(drawing)),
    }
  } finally {
    first?.remove()
  }
}

async function measure(
  workload: Workload,
  contenders: readonly Contender[],
  count: number,
): Promise<BenchRow> {
  const own = await openStep(workload)
  try {
    return await rounds(own, workload, contenders, count)
  } finally {
    await own.close()
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

async function printTable(rows: readonly BenchRow[]): Promise<void> {
  const names = Object.keys(FRAMEWORKS) as Framework[]
  const ratio = (other: Timing | undefined, { oxbow }: BenchRow) =>
    other ? `${other.ms.toFixed(2)} (${(other.ms / oxbow.ms).toFixed(2)}x)` : '-'
  const megabytes = (timing: Timing | undefined) =>
    timing?.peakBytes === undefined ? '-' : String(Math.round(timing.peakBytes / 1e6))
  const { default: Table } = await import('cli-table3')
  const tableOf = (head: string[], cells: readonly (readonly string[])[]) => {
    const table = new Table({
      head,
      style: { head: [], border: [], compact: columns() < 90 },
      colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    })
    table.push(...cells.map(row => [...row]))
    return table.toString()
  }
  const labels = names.map(name => FRAMEWORKS[name].label)
  const times = rows.map(row => [
    row.name,
    row.oxbow.ms.toFixed(2),
    ...names.map(name => ratio(row[name], row)),
    `${row.floorMs.toFixed(2)} (${Math.round((100 * row.floorMs) / row.oxbow.ms)}%)`,
    row.drawingMs.toFixed(3),
  ])
  print(tableOf(['step', 'oxbow', ...labels, 'products alone', 'drawing'], times))
  print('Milliseconds of one training step, medians of alternating rounds; in brackets how many times ours.')
  const large = rows.filter(({ oxbow }) => oxbow.peakBytes !== undefined)
  if (large.length === 0) return
  print(
    tableOf(
      ['peak memory', 'oxbow', ...labels],
      large.map(row => [row.name, megabytes(row.oxbow), ...names.map(name => megabytes(row[name]))]),
    ),
  )
  print('Megabytes that a step takes at most, beyond the process before it.')
}

/** `oxbow bench`. */
export async function benchCommand({ python, rounds: count, quick, only, json }: BenchFlags): Promise<void> {
  const [cpu] = cpus()
  const machine = `${cpus().length} x ${cpu.model.trim()}`
  const asked = workloads(quick ?? false, only)
  if (asked.length === 0) {
    const names = workloads(quick ?? false).map(({ name }) => name)
    throw new UsageError(`--only: expected a part of one of ${names.join(', ')}; found "${only}"`)
  }
  const rows: BenchRow[] = []
  const missing: Missing = new Map()
  let contenders: Contender[] = []
  const close = () => {
    for (const { reference } of contenders) reference.close()
    contenders = []
  }
  try {
    for (const workload of asked) {
      // Memory that one row has taken must not count for the next.
      if (workload.picture) close()
      if (contenders.length === 0) contenders = await startContenders(python, missing)
      note(`${workload.name} ...`)
      rows.push(await measure(workload, contenders, count))
    }
  } finally {
    close()
  }
  if (json) return printJson({ machine, rows })
  print(machine)
  await printTable(rows)
}
