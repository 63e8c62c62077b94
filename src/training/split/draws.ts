import { type BatchSource, batchSource } from '../batches.ts'
import type { Drawn } from '../conditions.ts'
import { openTrainingData } from '../data.ts'
import { openRecordedData } from '../moved.ts'
import { roundOf } from '../turns.ts'
import { readSplitTraining, type SplitTraining } from './folder.ts'

/** What an exported training draws, as bytes for another program. */
export interface SplitDraws {
  readonly training: SplitTraining
  /**
   * The bytes of a step, counted from 1: `rates` and, where there are such, `moments`; then for each batch of the update and each of
   * the parts asked for, counted from 0, the draws in the order of the signature, little-endian and without gaps.
   */
  of(step: number, own: readonly number[]): Uint8Array[]
}

/** An array as it stands in memory, which is little-endian on all machines that Node runs on. */
const bytesOf = (array: Drawn): Uint8Array =>
  Uint8Array.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))

/** The rows of one part. */
function shareOf(array: Drawn, part: number, parts: number): Uint8Array {
  const size = array.length / parts
  return bytesOf(array.subarray(part * size, (part + 1) * size) as Drawn)
}

/**
 * Opens the data of an exported training. All of a batch is drawn, whichever parts are asked for, since its rows share their streams.
 *
 * @throws RunError, ConfigError or DataError when the folder or the data is not there or another
 */
export async function openSplitDraws(folder: string): Promise<SplitDraws> {
  const { record, training } = readSplitTraining(folder)
  const { config, data } = record
  const opened = await openRecordedData(folder, record)
  const dataset = await openTrainingData({ ...config, data: opened.spec }, opened.dataset, data)
  const source: BatchSource = batchSource(config, dataset, roundOf(config))
  const { parts, batches, gradients } = training
  const drawn = gradients.inputs.filter(({ from }) => from === 'draws').length
  const scheduled = training.update.inputs.filter(({ from }) => from === 'schedule').length
  return {
    training,
    of(step, own) {
      const shares: Uint8Array[] = []
      let schedule: Uint8Array[] = []
      for (let batch = 0; batch < batches; batch++) {
        const arrays = source.draw((step - 1) * batches + batch + 1, 1)
        for (const part of own) {
          shares.push(...arrays.slice(0, drawn).map(array => shareOf(array, part, parts)))
        }
        schedule = arrays.slice(drawn, drawn + scheduled).map(bytesOf)
      }
      return [...schedule, ...shares]
    },
  }
}
