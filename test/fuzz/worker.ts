import { openSync, readFileSync, writeSync } from 'node:fs'
import { random } from '../../src/random/random.ts'
import { startCoverage } from './coverage.ts'
import { buildFence, EscapeError } from './fences.ts'
import type { Done, Find, Job, Message } from './job.ts'
import { mutated } from './mutate.ts'
import type { Target } from './target.ts'

// Gives inputs to one target in a process of its own, so that whatever an input does is done to nothing else.

/** Milliseconds that an input may take, and MiB, unless a target says so. */
const LONGEST = 5000
const MEMORY = 1024
/** Inputs in a row whose coverage is looked at, and the largest distance of two such rows. */
const WATCHED = 20
const APART = 1000
/** Finds that are told; a broken reader breaks with each input. */
const MOST_FINDS = 200

const job = JSON.parse(process.argv[2]) as Job
const project = process.cwd()
const tell = (message: Message): void => void process.send?.(message)

const { target } = (await import(`./targets/${job.target}.ts`)) as { target: Target }
const errors = new Set(target.errors)
const { corpus: valid, read } = await target.open(job.folder)
const state = openSync(job.state, 'w+')
const head = Buffer.alloc(16)
const given = job.files?.map(file => readFileSync(file))
const fence = buildFence(job.folder, project)
const corpus = [...valid]

/** The names of what every object has. */
const shared = [Object.prototype, Array.prototype, Function.prototype, String.prototype]
const names = (): string => shared.map(each => Reflect.ownKeys(each).map(String).join()).join('|')
const before = names()

let [found, readOnes, refused, kept, slowest] = [0, 0, 0, 0, 0]
/** MiB that this process has had at most. The kernel's `maxRSS` is that of the process that started it, where that is more. */
const most = (): number =>
  Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
const atFirst = most()
const grown = (): number => most() - atFirst
let memory = 0

function report(place: number, kind: Find['kind'], text: string, input: Uint8Array): void {
  if (++found > MOST_FINDS) return
  tell({ type: 'found', find: { place, kind, text, input: Buffer.from(input).toString('base64') } })
}

async function give(place: number, input: Uint8Array): Promise<void> {
  head.writeBigInt64LE(BigInt(place), 0)
  head.writeBigInt64LE(BigInt(input.length), 8)
  writeSync(state, head, 0, 16, 0)
  writeSync(state, input, 0, input.length, 16)
  const start = performance.now()
  try {
    await read(input, random(job.seed, 'reader', place))
    readOnes++
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    if (errors.has(name) || errors.has((error as Error).constructor?.name)) refused++
    else
      report(place, error instanceof EscapeError ? 'escape' : 'error', stack || `${name}: ${message}`, input)
  }
  const took = performance.now() - start
  slowest = Math.max(slowest, took)
  if (took > LONGEST) report(place, 'hang', `took ${Math.round(took)} ms`, input)
  const escaped = fence.escaped()
  if (escaped) report(place, 'escape', escaped, input)
  if (place % 16 === 0 || took > 20) {
    const now = grown()
    if (now > memory && now > (target.memory ?? MEMORY))
      report(place, 'memory', `grew by ${Math.round(now)} MiB`, input)
    memory = Math.max(memory, now)
  }
  if (names() !== before) {
    report(place, 'pollution', names(), input)
    process.exit(1)
  }
}

/** Inputs made of those that are known, which those join that reach what none has reached. */
async function make(): Promise<number> {
  const coverage = startCoverage('/src/')
  coverage.isNew()
  const apart = Math.min(APART, Math.max(WATCHED, Math.ceil((job.to - job.from) / 4)))
  for (let place = job.from; place < job.to; place++) {
    const input = mutated(corpus, target, random(job.seed, 'fuzz', job.target, place))
    const turn = place % apart
    // What ran since the last row has not been looked at, and is found again.
    if (turn === 0 && apart > WATCHED) coverage.drop()
    await give(place, input)
    if (turn < WATCHED && coverage.isNew()) {
      corpus.push(Uint8Array.from(input))
      kept++
    }
  }
  return coverage.blocks
}

process.on('uncaughtException', error => report(-1, 'error', `uncaught: ${error.stack}`, new Uint8Array()))
process.on('unhandledRejection', error =>
  report(-1, 'error', `unhandled: ${(error as Error)?.stack ?? error}`, new Uint8Array()),
)
// Before an input that would keep it from being told.
await new Promise(told => process.send?.({ type: 'opened' } satisfies Message, told))
let blocks = 0
if (given) for (const [place, input] of given.entries()) await give(place, input)
else blocks = await make()
const done: Done = { read: readOnes, refused, blocks, kept, slowest, memory }
process.send?.({ type: 'done', done } satisfies Message, () => process.exit(0))
