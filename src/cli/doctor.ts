import { existsSync } from 'node:fs'
import { cpus, freemem, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { cacheFolder } from '../data/cache.ts'
import { chosenEngine, findNative } from '../runtime/cpu/native.ts'
import { askedDevice, type Device, providerOf } from '../runtime/device.ts'
import { installation, openRuntime } from '../runtime/node.ts'
import { askedThreads, defaultThreads } from '../runtime/threads.ts'
import { VERSION } from '../serialization/version.ts'
import { gigabytes } from '../training/memory.ts'
import { described } from './failure.ts'
import { print, printJson } from './terminal.ts'

interface DoctorFlags {
  readonly device?: string
  readonly json?: boolean
}

/** What `give` gives, or the line of what it throws. */
async function tried<T>(give: () => T | Promise<T>): Promise<{ found?: T; problem?: string }> {
  try {
    return { found: await give() }
  } catch (error) {
    return { problem: described(error).line }
  }
}

/** The compiled engine as it is here, whether it is used or not. */
async function compiledEngine() {
  const { found, problem } = await tried(() => findNative()?.instructions() ?? null)
  const asked = process.env.OXBOW_INSTRUCTIONS || null
  return { instructions: found ?? null, asked, problem: problem ?? null }
}

function threads() {
  const { OXBOW_THREADS } = process.env
  const isAsked = askedThreads() !== undefined
  const ignored = OXBOW_THREADS && `OXBOW_THREADS is "${OXBOW_THREADS}", which is no whole number above 0`
  return {
    count: defaultThreads(),
    why: isAsked ? 'OXBOW_THREADS' : ignored || 'the default; OXBOW_THREADS sets another',
  }
}

/** The device that is chosen, and by what; where it cannot be used, it has no providers. */
function device(flag: string | undefined, isUsable: boolean) {
  const name = askedDevice() ?? 'cpu'
  const asked = flag === undefined ? 'OXBOW_DEVICE' : '--device'
  return {
    name,
    providers: isUsable ? [...new Set([providerOf(name as Device), 'cpu'])] : [],
    why: askedDevice() === undefined ? 'the default; --device or OXBOW_DEVICE sets another' : asked,
  }
}

async function diagnosis(flag: string | undefined) {
  const [processor] = cpus()
  const { version, devices } = installation()
  const compiled = await compiledEngine()
  const opened = await tried(() => openRuntime())
  const chosen = device(flag, opened.problem === undefined)
  const engine = await tried(() => chosenEngine(chosen.name as Device))
  const cache = cacheFolder()
  return {
    oxbow: VERSION,
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    processor: { model: processor?.model.trim() || 'unknown', cores: cpus().length },
    engine: engine.found ? { name: engine.found.name, why: engine.found.why } : null,
    onnxRuntime: { version, devices },
    compiledEngine: compiled,
    threads: threads(),
    device: chosen,
    memory: {
      totalBytes: totalmem(),
      freeBytes: freemem(),
      heapLimitBytes: getHeapStatistics().heap_size_limit,
    },
    cache: { folder: cache, exists: existsSync(cache) },
    /** Why nothing can be trained as it is asked for; empty where it can. */
    problems: [opened.problem, engine.problem].filter(problem => problem !== undefined),
  }
}

type Diagnosis = Awaited<ReturnType<typeof diagnosis>>

function compiledText({ instructions, asked, problem }: Diagnosis['compiledEngine']): string {
  if (problem) return `does not load: ${problem}`
  if (!instructions) return 'not built here; npm run build:native builds it'
  return `built, runs on ${instructions}${asked ? ` (OXBOW_INSTRUCTIONS is "${asked}")` : ''}`
}

function linesOf(found: Diagnosis): [string, string][] {
  const { engine, onnxRuntime, processor, threads, device, memory, cache } = found
  const names = {
    compiled: 'the compiled engine',
    onnxruntime: `ONNX Runtime ${onnxRuntime.version}`,
    wasm: 'WebAssembly, one thread',
  }
  const [provider, ...rest] = device.providers
  return [
    ['Oxbow', found.oxbow],
    ['Node', `${found.node}, ${found.platform} ${found.architecture}`],
    ['processor', `${processor.cores} x ${processor.model}`],
    ['engine', engine ? `${names[engine.name]} (${engine.why})` : 'none, see below'],
    ['compiled engine', compiledText(found.compiledEngine)],
    ['ONNX Runtime', onnxRuntime.version ?? 'not installed; npm install onnxruntime-node installs it'],
    ['threads', `${threads.count} (${threads.why})`],
    ['device', `${device.name} (${device.why})`],
    [
      'providers',
      rest.length > 0 ? `${provider}, and ${rest} for what it lacks` : (provider ?? 'none, see below'),
    ],
    ['devices here', onnxRuntime.devices.join(', ')],
    [
      'memory',
      `${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free; Node's heap at most ${gigabytes(memory.heapLimitBytes)}`,
    ],
    ['cache folder', `${cache.folder}${cache.exists ? '' : ' (not there yet)'}`],
    ...found.problems.map((problem): [string, string] => ['problem', problem]),
  ]
}

/** `oxbow doctor`. @returns 1 where nothing can be trained as it is asked for */
export async function doctorCommand({ device, json }: DoctorFlags): Promise<number> {
  const found = await diagnosis(device)
  if (json) printJson(found)
  else for (const [name, text] of linesOf(found)) print(name.padEnd(17) + text)
  return found.problems.length > 0 ? 1 : 0
}
