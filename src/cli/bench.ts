import { cpus } from 'node:os'
import {
  CONTENDERS,
  type Contender,
  type ContenderName,
  type Missing,
  NAMES,
  readyAll,
  startContenders,
  THREADS,
} from './bench/contenders.ts'
import { writeBegun } from './bench/exchange.ts'
import { median } from './bench/own.ts'
import { type Workload, workloads } from './bench/workload.ts'
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
  /** Median of how many times ours, round by round. */
  readonly ratio: number
  readonly version: string
  /** Bytes taken at most; absent where the system does not tell. */
  readonly peakBytes?: number
}

interface BenchRow {
  readonly name: string
  readonly threads: number
  /** What the matrix products alone would take at the peak of the same rounds; absent where the compiled engine is not built. */
  readonly floor?: { readonly ms: number; readonly ratio: number; readonly gigaflops: number }
  readonly timings: { readonly [name in ContenderName]?: Timing }
}

/** Operations that one timing is of: a third of a second on a core of a server. */
const WORK = 3e10

const round = (value: number): number => Number(value.toPrecision(4))

/** Operations a second of so many threads at once, by as many processes of the compiled engine. */
async function peakOf(contenders: readonly Contender[], threads: number): Promise<number | undefined> {
  const native = contenders.filter(({ name }) => name === 'oxbow').slice(0, threads)
  if (native.length < threads) return undefined
  const question = { cmd: 'peak', seconds: 0.1 }
  const all = await Promise.all(native.map(({ worker }) => worker.get(question, 'operationsPerSecond')))
  return all.reduce((sum, { operationsPerSecond }) => sum + operationsPerSecond, 0)
}

/** Rounds in which everyone runs once, so that a busy moment hits all alike. */
async function measure(
  workload: Workload,
  started: readonly Contender[],
  rounds: number,
): Promise<BenchRow[]> {
  const begun = writeBegun(workload)
  try {
    const { able, operations } = await readyAll(started, workload, begun.path)
    const steps = Math.min(400, Math.max(1, Math.round(WORK / operations)))
    const peaks = new Map<number, number[]>(THREADS.map(threads => [threads, []]))
    const ended = new Set<Contender>()
    for (let i = 0; i < rounds; i++) {
      for (const threads of THREADS) {
        const peak = await peakOf(started, threads)
        if (peak) peaks.get(threads)!.push(peak)
        for (const contender of able) {
          if (contender.threads !== threads || ended.has(contender)) continue
          try {
            const { msPerStep, peakBytes } = await contender.worker.get({ cmd: 'time', steps }, 'msPerStep')
            contender.times.push(msPerStep)
            contender.peakBytes = peakBytes
          } catch (error) {
            // One that runs out of memory, say, costs its own row and no other.
            ended.add(contender)
            const who = `${CONTENDERS[contender.name].label} at ${threads} thread${threads > 1 ? 's' : ''}`
            note(`${workload.name}, ${who}: not measured (${(error as Error).message})`)
          }
        }
      }
    }
    return THREADS.flatMap(threads => {
      const own = able.filter(contender => contender.threads === threads && !ended.has(contender))
      return own.length > 0 ? rowOf(workload.name, threads, own, peaks.get(threads)!, operations) : []
    })
  } finally {
    begun.remove()
  }
}

function rowOf(
  name: string,
  threads: number,
  contenders: readonly Contender[],
  peaks: readonly number[],
  operations: number,
): BenchRow {
  const [{ times: ours }] = contenders
  const ratioOf = (times: readonly number[]) => round(median(times.map((ms, i) => ms / ours[i])))
  const floors = peaks.map(peak => (1000 * operations) / peak)
  const timings = contenders.map(({ name, times, worker, peakBytes }) => [
    name,
    {
      ms: round(median(times)),
      ratio: ratioOf(times),
      version: worker.version,
      ...(peakBytes !== undefined && { peakBytes }),
    },
  ])
  return {
    name,
    threads,
    ...(floors.length > 0 && {
      floor: { ms: round(median(floors)), ratio: ratioOf(floors), gigaflops: round(median(peaks) / 1e9) },
    }),
    timings: Object.fromEntries(timings),
  }
}

/** A row as `--json` prints it: each engine under its name. */
const asJson = ({ timings, floor, ...row }: BenchRow) => ({
  ...row,
  ...(floor && { floorMs: floor.ms, floorRatio: floor.ratio, gigaflops: floor.gigaflops }),
  ...timings,
})

async function printTables(rows: readonly BenchRow[]): Promise<void> {
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
  const [first, ...rest] = NAMES.filter(name => rows.some(({ timings }) => timings[name]))
  const labels = [first, ...rest].map(name => CONTENDERS[name].label)
  const withRatio = (found: { ms: number; ratio: number } | undefined) =>
    found ? `${found.ms} (${found.ratio.toFixed(2)}x)` : '-'
  const times = rows.map(({ name, threads, floor, timings }) => [
    name,
    `${threads}`,
    `${timings[first]?.ms ?? '-'}`,
    ...rest.map(other => withRatio(timings[other])),
    withRatio(floor),
  ])
  print(tableOf(['run', 'threads', ...labels, 'floor'], times))
  print(
    `Milliseconds of one run, medians of alternating rounds; in brackets the median of how many times that of ${labels[0]}.`,
  )
  print('The floor is its matrix products at the peak of the processor in the same rounds.')
  const megabytes = (timing: Timing | undefined) =>
    timing?.peakBytes === undefined ? '-' : String(Math.round(timing.peakBytes / 1e6))
  const memory = rows.map(({ name, threads, timings }) => [
    name,
    `${threads}`,
    ...[first, ...rest].map(other => megabytes(timings[other])),
  ])
  print(tableOf(['peak memory', 'threads', ...labels], memory))
  print('Megabytes that it takes at most, beyond the process before it.')
}

/** `oxbow bench`. */
export async function benchCommand({ python, rounds, quick, only, json }: BenchFlags): Promise<void> {
  const [cpu] = cpus()
  const machine = `${cpus().length} x ${cpu.model.trim()}`
  const asked = workloads(quick ?? false, only)
  if (asked.length === 0) {
    const names = workloads(quick ?? false).map(({ name }) => name)
    throw new UsageError(`--only: expected a part of one of ${names.join(', ')}; found "${only}"`)
  }
  const rows: BenchRow[] = []
  const missing: Missing = new Set()
  for (const workload of asked) {
    // New processes, since what the memory of one row was must not count for the next.
    const contenders = await startContenders(python, missing)
    note(`${workload.name} ...`)
    try {
      rows.push(...(await measure(workload, contenders, rounds)))
    } finally {
      for (const { worker } of contenders) worker.close()
    }
  }
  if (json) return printJson({ machine, rows: rows.map(asJson) })
  print(machine)
  await printTables(rows)
}
