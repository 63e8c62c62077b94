import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { load, train } from '../../src/index.ts'
import { DEVICES } from '../../src/runtime/device.ts'
import { nodeRuntime, openRuntime } from '../../src/runtime/node.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('device')
afterEach(() => {
  delete process.env.OXBOW_DEVICE
})

/** A runtime that counts what it is asked. */
function counting(): { runtime: Runtime; asked: string[] } {
  const inner = nodeRuntime({ threads: 1 })
  const asked: string[] = []
  const count =
    <A extends unknown[], R>(name: string, run: (...given: A) => R) =>
    (...given: A): R => {
      asked.push(name)
      return run(...given)
    }
  const runtime = {
    compile: count('compile', inner.compile),
    compileScan: count('compileScan', inner.compileScan),
    openModel: count('openModel', inner.openModel),
  }
  return { runtime, asked }
}

describe('what networks run on', () => {
  test('is the runtime that is handed over, and no other', async () => {
    const directory = join(folder, 'run')
    const trained = counting()
    await train({ ...tiny, steps: 2 }, { directory, runtime: trained.runtime })
    expect(trained.asked).toEqual(['compileScan'])
    const loaded = counting()
    const map = await load(directory, { runtime: loaded.runtime })
    await map.velocity(Float32Array.of(1, 2), 0.5)
    await map.close()
    expect(loaded.asked).toEqual(['compile', 'compile'])
    const opened = counting()
    await (await load(join(directory, 'model.onnx'), { runtime: opened.runtime })).close()
    expect(opened.asked).toEqual(['openModel'])
  })

  test('is refused in a line before anything is written where it is none, or not here', async () => {
    const missing = process.platform === 'darwin' ? 'directml' : 'coreml'
    const directory = join(folder, 'none')
    const start = (device: never) => train({ ...tiny, steps: 2 }, { directory, device })
    await expect(start('gpu' as never)).rejects.toThrow(
      /^train: device: expected cpu or cuda or .*, found "gpu"$/,
    )
    await expect(start(missing as never)).rejects.toThrow(
      new RegExp(
        `^device: ${missing} is not in this installation of ONNX Runtime, which has cpu.*; (macOS|Windows) has it$`,
      ),
    )
    expect(existsSync(join(directory, 'config.json'))).toBe(false)
    process.env.OXBOW_DEVICE = 'abacus'
    await expect(openRuntime()).rejects.toThrow(`device: expected one of ${DEVICES.join(', ')}, found abacus`)
  })

  test('is an option of every command', async () => {
    const wrong = await runHere(['sample', 'x.onnx', '--device', 'gpu'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--device: expected cpu or cuda')])
  })
})
