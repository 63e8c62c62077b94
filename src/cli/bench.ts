import { cpus } from 'node:os'
import { defaultThreads } from '../runtime/threads.ts'
import { median, type OwnStep, openStep } from './bench/own.ts'
import { Reference, type Workload } from './bench/reference.ts'
import { columns, note, print, printJson } from './terminal.ts'

interface BenchFlags {
  readonly python: string
  readonly rounds: number
  readonly quick?: boolean
  readonly json?: boolean
}

interface Timing {
  readonly ms: number
  readonly version?: string
  /** The thread count that was faster. */
  readonly threads?: number
}

interface BenchRow {
  readonly name: string
  readonly oxbow: Timing
  readonly torch?: Timing
  readonly jax?: Timing
  /** Time of the step's matrix products alone. */
  readonly floorMs: number
  /** Time of drawing the step's data, noise and times, which training adds. */
  readonly drawingMs: number
}

const FRAMEWORKS = { torch: 'torch_step.py', jax: 'jax_step.py' } as const
type Framework = keyof typeof FRAMEWORKS
const OBJECTIVES = ['psd', 'lsd', 'meanflow'] as const
const THREADS = [1, 2]
/** Steps of one timing: long enough to be steady, short enough to alternate. */
const stepsOf = ({ batch }: Workload): number => (batch > 1024 ? 25 : 100)

/** A framework at one thread count, which keeps its own process. */
interface Contender {
  readonly framework: Framework
  readonly threads: number
  readonly reference: Reference
  readonly times: number[]
}

async function findReferences(python: string): Promise<Contender[]> {
  const found: Contender[] = []
  for (const framework of Object.keys(FRAMEWORKS) as Framework[]) {
    for (const threads of framework === 'torch' ? THREADS : [THREADS.at(-1)!]) {
      const reference = await Reference.start(python, FRAMEWORKS[framework])
      if (typeof reference === 'string') {
        note(`${framework}: not measured (${reference})`)
        break
      }
      found.push({ framework, threads, reference, times: [] })
    }
  }
  return found
}

/** Rounds in which everyone runs once, so that a busy moment hits all alike. */
async function measure(
  workload: Workload,
  contenders: readonly Contender[],
  rounds: number,
): Promise<BenchRow> {
  const own: OwnStep = await openStep(workload)
  for (const { reference, threads, times } of contenders) {
    times.length = 0
    await reference.setup(workload, threads)
  }
  const steps = stepsOf(workload)
  await own.time(steps)
  const [ours, drawing, floors]: number[][] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    ours.push(await own.time(steps))
    drawing.push(own.drawing())
    floors.push(await own.floor())
    for (const { reference, times } of contenders) times.push(await reference.time(steps))
  }
  await own.close()
  const best = (framework: Framework): Timing | undefined =>
    contenders
      .filter(contender => contender.framework === framework)
      .map(({ times, threads, reference }) => ({
        ms: round(median(times)),
        version: reference.version,
        threads,
      }))
      .sort((a, b) => a.ms - b.ms)[0]
  return {
    name: `train-${workload.objective}-${workload.batch}`,
    oxbow: { ms: round(median(ours)), threads: defaultThreads() },
    torch: best('torch'),
    jax: best('jax'),
    floorMs: round(median(floors)),
    drawingMs: round(median(drawing)),
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

async function printTable(rows: readonly BenchRow[]): Promise<void> {
  const ratio = (other: Timing | undefined, { oxbow }: BenchRow) =>
    other ? `${other.ms.toFixed(2)} (${(other.ms / oxbow.ms).toFixed(2)}x)` : '-'
  const { default: Table } = await import('cli-table3')
  const table = new Table({
    head: ['step', 'oxbow', 'PyTorch', 'JAX', 'products alone', 'drawing'],
    style: { head: [], border: [], compact: columns() < 90 },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const row of rows) {
    const floor = `${row.floorMs.toFixed(2)} (${Math.round((100 * row.floorMs) / row.oxbow.ms)}%)`
    table.push([
      row.name,
      row.oxbow.ms.toFixed(2),
      ratio(row.torch, row),
      ratio(row.jax, row),
      floor,
      row.drawingMs.toFixed(3),
    ])
  }
  print(table.toString())
  print('Milliseconds of one training step, medians of alternating rounds; in brackets how many times ours.')
}

/** `oxbow bench`. */
export async function benchCommand({ python, rounds, quick, json }: BenchFlags): Promise<void> {
  const [cpu] = cpus()
  const machine = `${cpus().length} x ${cpu.model.trim()}`
  const contenders = await findReferences(python)
  const rows: BenchRow[] = []
  try {
    for (const batch of quick ? [512] : [512, 4096]) {
      for (const objective of OBJECTIVES) {
        note(`train-${objective}-${batch} ...`)
        rows.push(await measure({ objective, batch }, contenders, rounds))
      }
    }
  } finally {
    for (const { reference } of contenders) reference.close()
  }
  if (json) return printJson({ machine, rows })
  print(machine)
  await printTable(rows)
}
