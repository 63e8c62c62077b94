import './telemetry.ts' // Before the native library.

import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InferenceSession } from 'onnxruntime-node'
import {
  type CorePrimitive,
  countOperations,
  DYNAMIC,
  type Graph,
  simplify,
  spec,
  trace,
} from '../autodiff/index.ts'
import { sizeOf } from '../autodiff/primitive.ts'
import { adaptive } from './adaptive.ts'
import { type EngineOptions, ifPlanned, openOnce, openScan } from './cpu/engine.ts'
import { fallBack } from './cpu/fallback.ts'
import { chosenEngine, hasOnnxRuntime, type Native, needOnnxRuntime } from './cpu/native.ts'
import { compilePortable, compileScanPortable } from './cpu/portable.ts'
import { askedDevice, DEVICES, type Device, HOW, providerOf } from './device.ts'
import { lower, lowerScan } from './onnx.ts'
import {
  isPrecise,
  type MakeTensor,
  type OpenedModel,
  openedModel,
  type Port,
  type Program,
  portsOf,
  programOf,
  RuntimeLoadError,
} from './program.ts'
import type { Runtime } from './runtime.ts'
import { withoutTelemetry } from './telemetry.ts'
import { defaultThreads } from './threads.ts'

export interface CompileOptions {
  /** Threads for one operator; default 2, or `OXBOW_THREADS`. */
  readonly threads?: number
  /** What float32 graphs run on; default the processor. */
  readonly device?: Device
  /** `false` keeps every node as it is; default true for float32. */
  readonly optimize?: boolean
  /**
   * Threads wait for work in a loop: much faster between small operations on an idle machine, much slower where another
   * process wants the core; default false. `compileScan` chooses by itself.
   */
  readonly spinning?: boolean
}

/** Loaded when something runs on it. */
const ort = (): typeof import('onnxruntime-node') => createRequire(import.meta.url)('onnxruntime-node')

const makeTensor: MakeTensor = (dtype, data, shape) => new (ort().Tensor)(dtype, data as never, shape)

/** Session settings that pay for small training graphs. No fusions for float64, whose fused kernels do not exist. */
function sessionOptions(
  precise: boolean,
  { threads = defaultThreads(), optimize = true, spinning = false, device = 'cpu' }: CompileOptions,
): InferenceSession.SessionOptions {
  return {
    // No other device has float64; what it lacks of the rest runs on the processor.
    ...(device !== 'cpu' && !precise && { executionProviders: [providerOf(device), 'cpu'] }),
    executionMode: 'sequential',
    // A plan of all memory of a run, held beside what the run before it took: twice the memory, and no time that was measured.
    enableMemPattern: false,
    graphOptimizationLevel: precise || !optimize ? 'disabled' : 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  }
}

async function createSession(
  model: Uint8Array,
  precise: boolean,
  options: CompileOptions,
): Promise<InferenceSession> {
  needOnnxRuntime('an ONNX model')
  await withoutTelemetry()
  const { device = 'cpu' } = options
  const created = ort().InferenceSession.create(model, sessionOptions(precise, options))
  if (device === 'cpu') return created
  return created.catch((error: Error) => {
    throw new RuntimeLoadError(`device: ${device} cannot be used on this machine; ${HOW[device]}`, {
      cause: error,
    })
  })
}

async function open(
  model: Uint8Array,
  ports: readonly Port[],
  precise: boolean,
  options: CompileOptions,
): Promise<Program> {
  const session = await createSession(model, precise, options)
  return programOf(session, ports, makeTensor)
}

/**
 * A graph on an engine of our own: the compiled one where that is chosen and runs it; where ONNX Runtime is not installed,
 * whatever comes with this package.
 *
 * @throws RuntimeLoadError when one is asked for and not here
 */
function ofOwnEngine(
  graph: Graph<CorePrimitive>,
  { device = 'cpu', threads = defaultThreads() }: CompileOptions,
  openIn: (native: Native, options: EngineOptions) => Program,
  portable: () => Program,
): Program | undefined {
  const { name, native } = chosenEngine(device)
  const compiled = native && ifPlanned(graph, () => openIn(native, { threads }), fallBack)
  if (compiled) return compiled
  return name === 'wasm' || !hasOnnxRuntime() ? portable() : undefined
}

/** Compiles a simplified graph. */
export async function compile(graph: Graph<CorePrimitive>, options: CompileOptions = {}): Promise<Program> {
  const own = ofOwnEngine(
    graph,
    options,
    (native, engine) => openOnce(native, graph, engine),
    () => compilePortable(graph),
  )
  return own ?? open(lower(graph), portsOf(graph), isPrecise(graph), options)
}

/** Operations of a step beside which it does not matter how threads wait, while the memory of a second session does. */
const LONG = 2e10

const isLong = (graph: Graph<CorePrimitive>): boolean =>
  !graph.nodes.some(({ shape }) => shape.includes(DYNAMIC)) && countOperations(graph) > LONG

/**
 * Compiles a graph whose first `carried` inputs and outputs are a state; see `lowerScan`. With several threads there are, for
 * steps that are not long, two sessions, one whose threads spin, and whichever is faster at the time is used; their results are equal bit for bit.
 */
export async function compileScan(
  graph: Graph<CorePrimitive>,
  carried: number,
  options: CompileOptions = {},
): Promise<Program> {
  const own = ofOwnEngine(
    graph,
    options,
    (native, engine) => openScan(native, graph, carried, engine),
    () => compileScanPortable(graph, carried),
  )
  if (own) return own
  const model = lowerScan(graph, carried)
  const ports = portsOf(graph, carried)
  const start = (spinning: boolean) => open(model, ports, isPrecise(graph), { ...options, spinning })
  const scanned = ports[carried]
  if ((options.threads ?? defaultThreads()) === 1 || !scanned || isLong(graph)) return start(false)
  const size = sizeOf(scanned.shape.slice(1))
  return adaptive(await start(true), await start(false), inputs => inputs[carried].length / size)
}

/** Opens an ONNX file's bytes whose inputs are float32 with at most one open axis each. */
export async function openModel(bytes: Uint8Array, options: CompileOptions = {}): Promise<OpenedModel> {
  const session = await createSession(bytes, false, options)
  return openedModel(session, bytes, makeTensor)
}

/** Where the native libraries of ONNX Runtime are, one folder for each kind of machine. */
const libraries = (): string[] => {
  const bin = join(dirname(fileURLToPath(import.meta.resolve('onnxruntime-node'))), '..', 'bin')
  return readdirSync(bin).flatMap(version => {
    const own = join(bin, version, process.platform, process.arch)
    return existsSync(own) ? readdirSync(own) : []
  })
}

/** Whether a device's library is here; of some the package only knows the name. */
const isInstalled = (device: Device): boolean =>
  ort()
    .listSupportedBackends()
    .some(({ name, bundled }) => name === providerOf(device) && bundled) ||
  libraries().some(name => name.includes(`providers_${device}`))

/** This installation of ONNX Runtime; without it there is only the processor. */
export const installation = (): { readonly version: string | null; readonly devices: readonly Device[] } =>
  hasOnnxRuntime()
    ? {
        version: ort().env.versions.node ?? ort().env.versions.common,
        devices: DEVICES.filter(isInstalled),
      }
    : { version: null, devices: ['cpu'] }

/** @throws RuntimeLoadError when this installation of ONNX Runtime does not have a device, with how to come by it */
function checkedDevice(device: string): Device {
  const known = DEVICES.find(each => each === device)
  if (!known) throw new RuntimeLoadError(`device: expected one of ${DEVICES.join(', ')}, found ${device}`)
  if (known === 'cpu') return known
  needOnnxRuntime(`device: ${known}`)
  if (isInstalled(known)) return known
  throw new RuntimeLoadError(
    `device: ${known} is not in this installation of ONNX Runtime, which has ${installation().devices.join(', ')}; ${HOW[known]}`,
  )
}

type RuntimeOptions = Pick<CompileOptions, 'threads' | 'device'>

/**
 * ONNX Runtime in this process, on one device.
 *
 * @param options.device  default `OXBOW_DEVICE`, or the processor
 * @throws RuntimeLoadError when it does not have the device
 */
export function nodeRuntime(options: RuntimeOptions = {}): Runtime {
  const { threads } = options
  const device = checkedDevice(options.device ?? askedDevice() ?? 'cpu')
  return {
    compile: graph => compile(graph, { threads, device }),
    compileScan: (graph, carried) => compileScan(graph, carried, { threads, device }),
    openModel: bytes => openModel(bytes, { threads, device }),
    slowInDouble: !hasOnnxRuntime() || process.env.OXBOW_ENGINE === 'wasm',
  }
}

/** The same, tried on a small graph where it is not the processor. @throws RuntimeLoadError when the device cannot be used */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const runtime = nodeRuntime(options)
  if ((options.device ?? askedDevice() ?? 'cpu') === 'cpu') return runtime
  const trial = await runtime.compile(simplify(trace(x => x.add(1), spec([2]))))
  await trial.run([new Float32Array(2)])
  await trial.close()
  return runtime
}
