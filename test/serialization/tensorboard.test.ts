import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { readMetrics } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('tensorboard')

const tiny: UserConfig = {
  network: { hidden: 8 },
  batch: 16,
  steps: 60,
  logEvery: 10,
  checkpointEvery: 20,
  chunk: 5,
  log: { tensorboard: true },
}

/** CRC-32C bit by bit, by long division. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffffn
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n
  }
  return Number(crc ^ 0xffffffffn)
}

function unmasked(masked: number): number {
  const rotated = (masked - 0xa282ead8 + 2 ** 32) % 2 ** 32
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

/** A message as its fields by number: numbers of any kind, or bytes. */
function fields(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const found = new Map<number, (number | Uint8Array)[]>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const varint = (): number => {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = bytes[at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const take = (size: number) => bytes.subarray(at, (at += size))
    const kinds: Record<number, () => number | Uint8Array> = {
      0: varint,
      1: () => view.getFloat64((at += 8) - 8, true),
      2: () => take(varint()),
      5: () => view.getFloat32((at += 4) - 4, true),
    }
    const list = found.get(tag >> 3) ?? []
    list.push(kinds[tag & 7]())
    found.set(tag >> 3, list)
  }
  return found
}

/** The data of every record of a file, checksums checked. */
function records(file: string): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(file))
  const view = new DataView(bytes.buffer)
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true))
    expect(unmasked(view.getUint32(at + 8, true))).toBe(crc32c(bytes.subarray(at, at + 8)))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(unmasked(view.getUint32(at + 12 + length, true))).toBe(crc32c(data))
    found.push(data)
    at += 16 + length
  }
  return found
}

const utf8 = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array)
const eventFiles = (run: string): string[] => readdirSync(join(run, 'tensorboard')).sort()

/** Every scalar of a run by its tag, in the order of the files. */
function scalars(run: string): Record<string, [step: number, value: number][]> {
  const found: Record<string, [number, number][]> = {}
  for (const name of eventFiles(run)) {
    for (const record of records(join(run, 'tensorboard', name))) {
      const event = fields(record)
      for (const summary of event.get(5) ?? []) {
        for (const entry of fields(summary as Uint8Array).get(1)!) {
          const value = fields(entry as Uint8Array)
          if (!value.has(2)) continue
          found[utf8(value.get(1)![0])] ??= []
          found[utf8(value.get(1)![0])].push([(event.get(2)?.[0] ?? 0) as number, value.get(2)![0] as number])
        }
      }
    }
  }
  return found
}

test('the checksum of the test is the published one', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
})

describe('event files', () => {
  test('hold what metrics.jsonl holds, and the configuration', async () => {
    const directory = join(folder, 'whole')
    await train(tiny, { directory })
    expect(eventFiles(directory)).toEqual(['events.out.tfevents.0000000000.oxbow'])
    const all = records(join(directory, 'tensorboard', eventFiles(directory)[0]))
    expect(utf8(fields(all[0]).get(3)![0])).toBe('brain.Event:2')
    expect(fields(all[0]).get(1)![0]).toBeGreaterThan(1.6e9)
    const lines = readMetrics(directory)
    const near = (name: string, of: (line: (typeof lines)[number]) => number) =>
      expect(scalars(directory)[name]).toEqual(lines.map(line => [line.step, Math.fround(of(line))]))
    near('loss/total', line => line.loss)
    near('residual/consistency', line => line.terms.consistency.residual)
    near('training/learningRate', line => line.learningRate)
    expect(all.some(record => utf8(record).includes('"hidden": 8'))).toBe(true)
  })

  test('are continued without a step twice, also after a kill in the middle of a record', async () => {
    const directory = join(folder, 'resumed')
    await train(tiny, { directory })
    const checkpoints = join(directory, 'checkpoints')
    rmSync(join(checkpoints, 'step-000060.safetensors'))
    appendFileSync(
      join(directory, 'tensorboard', eventFiles(directory)[0]),
      Buffer.of(9, 0, 0, 0, 0, 0, 0, 0, 1),
    )
    await train({ steps: 80 }, { directory, resume: true })
    expect(eventFiles(directory)).toHaveLength(2)
    const steps = scalars(directory)['loss/total'].map(([step]) => step)
    expect(steps).toEqual([1, 10, 20, 30, 40, 50, 60, 70, 80])
    const values = scalars(directory)['loss/total'].map(([, value]) => value)
    expect(values).toEqual(readMetrics(directory).map(({ loss }) => Math.fround(loss)))
    // A reader that was there before is told from where on it is to forget.
    const [, start] = records(join(directory, 'tensorboard', eventFiles(directory)[1]))
    expect([fields(start).get(2)![0], fields(fields(start).get(7)![0] as Uint8Array).get(1)![0]]).toEqual([
      41, 1,
    ])
  })

  test('begin anew where a run is continued from nothing', async () => {
    const directory = join(folder, 'again')
    await train(tiny, { directory })
    rmSync(join(directory, 'checkpoints'), { recursive: true })
    await train({}, { directory, resume: true })
    expect(scalars(directory)['loss/total'].map(([step]) => step)).toEqual([1, 10, 20, 30, 40, 50, 60])
  })

  test('are not written unless asked for, and may be asked for on the way', async () => {
    const directory = join(folder, 'off')
    await train({ ...tiny, log: { tensorboard: false } }, { directory })
    expect(existsSync(join(directory, 'tensorboard'))).toBe(false)
    await train({ steps: 80, log: { tensorboard: true } }, { directory, resume: true })
    expect(scalars(directory)['loss/total'].map(([step]) => step)).toEqual([70, 80])
  })
})
