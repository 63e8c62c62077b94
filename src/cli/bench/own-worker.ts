/** A process that runs workloads on one of our engines, and answers a line of JSON for each asked, as those in bench/python. */
import { createInterface } from 'node:readline'
import { findNative, needOnnxRuntime } from '../../runtime/cpu/native.ts'
import { VERSION } from '../../serialization/version.ts'
import { watchMemory } from './memory.ts'
import { type Own, openOwn } from './own.ts'
import { workloads } from './workload.ts'

interface Question {
  readonly cmd: 'hello' | 'setup' | 'time' | 'peak' | 'quit'
  readonly name?: string
  readonly steps?: number
  readonly seconds?: number
}

let own: Own | undefined
let memory = watchMemory()

async function answer({ cmd, name, steps = 1, seconds = 0.1 }: Question): Promise<object> {
  switch (cmd) {
    case 'hello':
      if (process.env.OXBOW_ENGINE === 'native' && !findNative()) throw new Error('not built here')
      if (process.env.OXBOW_ENGINE === 'onnx') needOnnxRuntime('this')
      return { ok: true, version: VERSION }
    case 'setup': {
      memory = watchMemory()
      own = await openOwn(workloads(false, name).find(workload => workload.name === name)!)
      await own.time(1)
      return { ok: true, ...own.first, operations: own.operations }
    }
    case 'time':
      return { ok: true, msPerStep: await own!.time(steps), peakBytes: memory() }
    case 'peak':
      return { ok: true, operationsPerSecond: findNative()?.peak(seconds) }
    default:
      process.exit()
  }
}

let last: Promise<unknown> = Promise.resolve()
createInterface({ input: process.stdin }).on('line', line => {
  last = last
    .then(() => answer(JSON.parse(line)))
    .catch((error: Error) => ({ ok: false, error: error.message }))
    .then(found => process.stdout.write(`${JSON.stringify(found)}\n`))
})
