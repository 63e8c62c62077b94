import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Done, type Find, type Job, type Message, readState } from './job.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const PROJECT = here('../..')

/** Milliseconds without another input after which it hangs, and between two looks. */
const HANGS = 5000
const LOOK = 500
/** Milliseconds to open a target, which trains models for its corpus. */
const OPENS = 120_000
/** MiB of JavaScript's own memory. */
const HEAP = 1024

export const targetNames = (): string[] =>
  readdirSync(here('targets'))
    .filter(name => name.endsWith('.ts'))
    .map(name => name.slice(0, -3))
    .sort()

const NONE: Done = { read: 0, refused: 0, blocks: 0, kept: 0, slowest: 0, memory: 0 }

interface Part {
  readonly done: Done
  readonly finds: readonly Find[]
  /** Where it stopped, when it did so before its end. */
  readonly stopped?: number
}

/** One process, until it is done, ends or hangs. */
function part(job: Job): Promise<Part> {
  const child = fork(here('worker.ts'), [JSON.stringify(job)], {
    cwd: PROJECT,
    execArgv: ['--import', here('typescript.mjs'), `--max-old-space-size=${HEAP}`],
    env: { ...process.env, OXBOW_THREADS: '1', NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const finds: Find[] = []
  let [words, since, place, opened] = ['', Date.now(), -1, false]
  let done: Done | undefined
  let killed: string | undefined
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000)
  })
  child.on('message', message => {
    const given = message as Message
    if (given.type === 'opened') opened = true
    if (given.type === 'done') done = given.done
    if (given.type === 'found') finds.push({ ...given.find, input: Buffer.from(given.find.input, 'base64') })
    since = Date.now()
  })
  const stop = (why: string): void => {
    killed = why
    child.kill('SIGKILL')
  }
  const watch = setInterval(() => {
    const now = opened ? readState(job.state).place : -1
    if (now !== place) [place, since] = [now, Date.now()]
    else if (Date.now() - since > (opened ? HANGS : OPENS)) stop(`no end in ${opened ? HANGS : OPENS} ms`)
  }, LOOK)
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      clearInterval(watch)
      if (done) return resolve({ done, finds })
      if (!opened) {
        const why = words || (killed ?? `${code} ${signal}`)
        return reject(new Error(`${job.target} could not be opened: ${why}`))
      }
      const last = readState(job.state)
      const text =
        killed ??
        `ended ${signal ? `by ${signal}` : `with code ${code}`}: ${words.trim().split('\n').slice(0, 12).join('\n')}`
      const polluted = finds.some(({ kind }) => kind === 'pollution')
      const find: Find = { ...last, kind: killed ? 'hang' : 'crash', text }
      resolve({ done: NONE, finds: polluted ? finds : [...finds, find], stopped: last.place })
    })
  })
}

/** Adds what two processes have done. */
const both = (a: Done, b: Done): Done => ({
  read: a.read + b.read,
  refused: a.refused + b.refused,
  blocks: Math.max(a.blocks, b.blocks),
  kept: a.kept + b.kept,
  slowest: Math.max(a.slowest, b.slowest),
  memory: Math.max(a.memory, b.memory),
})

export interface Outcome {
  readonly done: Done
  readonly finds: readonly Find[]
  readonly seconds: number
}

/** Deaths after which a target is given up. */
const MOST_DEATHS = 20

/** Runs inputs of a target, in another process each time one has ended it. */
export async function fuzz(given: Pick<Job, 'target' | 'seed' | 'from' | 'to' | 'files'>): Promise<Outcome> {
  const base = mkdtempSync(join(tmpdir(), 'oxbow-fuzz-'))
  const start = performance.now()
  try {
    const finds: Find[] = []
    let [from, done, files, passed] = [given.from, NONE, given.files, 0]
    for (let deaths = 0; deaths < MOST_DEATHS; deaths++) {
      const folder = join(base, `part-${deaths}`, 'inside')
      mkdirSync(folder, { recursive: true })
      const found = await part({ ...given, from, files, folder, state: join(base, 'state') })
      // Places are those of the files that were given.
      finds.push(...found.finds.map(find => ({ ...find, place: find.place + passed })))
      done = both(done, found.done)
      if (found.stopped === undefined) break
      if (files) {
        passed += found.stopped + 1
        files = files.slice(found.stopped + 1)
      } else from = found.stopped + 1
      if (files ? files.length === 0 : from >= given.to) break
    }
    return { done, finds: await confirmed(given, finds, base), seconds: (performance.now() - start) / 1000 }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

/** Finds of which a slow one was slow again alone: a busy machine makes everything slow. */
async function confirmed(
  given: Pick<Job, 'target' | 'seed'>,
  finds: readonly Find[],
  base: string,
): Promise<Find[]> {
  const kept: Find[] = []
  for (const find of finds) {
    if (find.kind === 'hang') {
      const [file, folder] = [join(base, 'again.bin'), join(base, 'again', 'inside')]
      writeFileSync(file, find.input)
      mkdirSync(folder, { recursive: true })
      const again = await part({
        ...given,
        from: 0,
        to: 1,
        files: [file],
        folder,
        state: join(base, 'state'),
      })
      if (again.finds.length === 0) continue
    }
    kept.push(find)
  }
  return kept
}
