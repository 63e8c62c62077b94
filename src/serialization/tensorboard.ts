import { appendFileSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Config } from '../config/index.ts'
import { withPath } from './files.ts'
import type { MetricsLine } from './metrics-log.ts'
import { readBytes } from './read-file.ts'

/** CRC-32C of each byte. Castagnoli's polynomial, reflected; Node's own `crc32` has another one. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** CRC-32C as the record format stores it: rotated and shifted, so that a checksum of checksums is none by chance. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const HEADER = 12
const FOOTER = 4

/** One record of an event file: length, its checksum, the data, its checksum. TensorFlow, `tfrecord` format. */
function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + data.length + FOOTER)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true)
  record.set(data, HEADER)
  view.setUint32(HEADER + data.length, maskedCrc(data), true)
  return record
}

type Fill = (writer: BinaryWriter) => void

const message = (writer: BinaryWriter, field: number, fill: Fill): void => {
  writer.tag(field, 2).fork()
  fill(writer)
  writer.join()
}

// Field numbers: event.proto, summary.proto and tensor.proto of TensorFlow.
function event(step: number, fill: Fill): Uint8Array {
  const writer = new BinaryWriter()
  writer.tag(1, 1).double(Date.now() / 1000)
  if (step > 0) writer.tag(2, 0).int64(step)
  fill(writer)
  return frame(writer.finish())
}

const version = (): Uint8Array => event(0, writer => writer.tag(3, 2).string('brain.Event:2'))

/** Tells a reader that what it may have seen of later steps is void. */
const sessionStart = (step: number): Uint8Array =>
  event(step, writer => message(writer, 7, log => log.tag(1, 0).int32(1)))

const scalars = (step: number, values: Readonly<Record<string, number>>): Uint8Array =>
  event(step, writer =>
    message(writer, 5, summary => {
      for (const [tag, value] of Object.entries(values)) {
        message(summary, 1, entry => {
          entry.tag(1, 2).string(tag)
          entry.tag(2, 5).float(value)
        })
      }
    }),
  )

/** A text for the dashboard of texts: a tensor of one string. */
const text = (tag: string, content: string): Uint8Array =>
  event(0, writer =>
    message(writer, 5, summary =>
      message(summary, 1, entry => {
        entry.tag(1, 2).string(tag)
        message(entry, 9, metadata => message(metadata, 1, plugin => plugin.tag(1, 2).string('text')))
        message(entry, 8, tensor => {
          tensor.tag(1, 0).int32(7)
          message(tensor, 2, () => {})
          tensor.tag(8, 2).bytes(new TextEncoder().encode(content))
        })
      }),
    ),
  )

function stepOf(data: Uint8Array): number {
  const reader = new BinaryReader(data)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (field === 2) return Number(reader.int64())
    reader.skip(wire, field)
  }
  return 0
}

/** Bytes of the leading records that are whole and of no later step. */
function keptLength(file: Uint8Array, last: number): number {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  let at = 0
  while (at + HEADER <= file.length) {
    const length = Number(view.getBigUint64(at, true))
    const end = at + HEADER + length + FOOTER
    if (end > file.length) return at
    const data = file.subarray(at + HEADER, at + HEADER + length)
    if (view.getUint32(end - FOOTER, true) !== maskedCrc(data) || stepOf(data) > last) return at
    at = end
  }
  return at
}

/** Brings the event files of a continued run back to its checkpoint, as `metrics.jsonl` is. */
function rewind(folder: string, step: number): void {
  for (const name of readdirSync(folder).filter(name => name.includes('tfevents'))) {
    const file = join(folder, name)
    const content = readBytes(file)
    const kept = keptLength(content, step)
    if (kept < content.length) truncateSync(file, kept)
  }
}

/** The numbers of a line under the names that group them. */
function valuesOf({ loss, terms, gradientNorm, learningRate, stepsPerSecond }: MetricsLine) {
  const parts = Object.entries(terms).flatMap(([name, { loss, residual }]) => [
    [`loss/${name}`, loss] as const,
    [`residual/${name}`, residual] as const,
  ])
  return {
    'loss/total': loss,
    ...Object.fromEntries(parts),
    'training/gradientNorm': gradientNorm,
    'training/learningRate': learningRate,
    'training/stepsPerSecond': stepsPerSecond,
  }
}

/**
 * TensorBoard's event files of a run, in its folder `tensorboard`: one for each time that the run is begun or continued,
 * named by its first step, so that they are read in their order and no step is in them twice.
 *
 * @param step  steps done so far
 */
export function tensorboard(directory: string, config: Config, step: number): (line: MetricsLine) => void {
  const folder = join(directory, 'tensorboard')
  mkdirSync(folder, { recursive: true })
  rewind(folder, step)
  const file = join(folder, `events.out.tfevents.${String(step).padStart(10, '0')}.oxbow`)
  const head = [version(), sessionStart(step + 1)]
  if (step === 0) head.push(text('configuration', `\`\`\`json\n${JSON.stringify(config, null, 2)}\n\`\`\``))
  // A file of this name holds later steps alone, which are void.
  withPath(file, () => writeFileSync(file, Buffer.concat(head)))
  return line => withPath(file, () => appendFileSync(file, scalars(line.step, valuesOf(line))))
}
