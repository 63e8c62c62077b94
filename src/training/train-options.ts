import {
  checkDataset,
  checkFunction,
  checkOptions,
  checkPath,
  checkThreads,
  checkWord,
  refuseArgument,
} from '../data/arguments.ts'
import type { Dataset } from '../data/dataset.ts'
import { DEVICES, type Device } from '../runtime/device.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Verdict } from './verdict.ts'

/** What a run reports while it trains. */
export interface Progress {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** The plain residual: the sum over the terms of the mean squared residual, whatever the weights. */
  readonly residual: number
  /** The residual at the first step, where it has grown from there as it does in a training that diverges. */
  readonly grownFrom?: number
  readonly stepsPerSecond: number
  /** What these steps are of, where it is not the run itself but the teacher that it trains first. */
  readonly stage?: 'teacher'
}

export interface TrainOptions {
  /** The run directory; made when it is not there. */
  readonly directory: string
  /** Continue the run in `directory`. */
  readonly resume?: boolean
  /** The data, where it comes from a program and not from the configuration. */
  readonly data?: Dataset
  readonly threads?: number
  /** What the steps run on; default `cpu`. */
  readonly device?: Device
  /** What runs the graphs, in the place of ONNX Runtime on `device` with `threads`. */
  readonly runtime?: Runtime
  readonly onProgress?: (progress: Progress) => void
  /** Called when everything is checked and training begins, with what is odd about the data. */
  readonly onStart?: (warnings: readonly string[]) => void
  /** Asked between chunks of steps; `true` saves a checkpoint and ends the run. */
  readonly shouldStop?: () => boolean
}

export interface TrainResult {
  readonly run: string
  /** Steps done, of `config.steps`. */
  readonly steps: number
  /** Mean over the last line of the log; NaN before there is one. */
  readonly loss: number
  /** The plain residual over the last line; NaN before there is one. */
  readonly residual: number
  /** How the training went, by its residual; absent before there is a line. */
  readonly verdict?: Verdict
  /** Time of one step, data and logging included, over this call. */
  readonly msPerStep: number
  readonly finished: boolean
  /** What is odd about data and configuration, and that the training diverged where it did. */
  readonly warnings: readonly string[]
}

/** A loss or gradient that is not a finite number. The state before it and the batch are in the run directory. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError'
}

const KEYS = [
  'directory',
  'resume?',
  'data?',
  'threads?',
  'device?',
  'runtime?',
  'onProgress?',
  'onStart?',
  'shouldStop?',
]

/** @throws ArgumentError when an option is something else, or there is no such option */
export function checkTrainOptions(options: TrainOptions): void {
  checkOptions('train: options', options, KEYS)
  const { directory, resume, data, threads, device, onProgress, onStart, shouldStop } = options
  if (device !== undefined) checkWord('train: device', device, DEVICES)
  checkPath('train: directory', directory)
  if (resume !== undefined && typeof resume !== 'boolean')
    refuseArgument('train: resume', 'true or false', resume)
  if (data !== undefined) checkDataset('train: data', data)
  checkThreads('train: threads', threads)
  for (const [name, value] of Object.entries({ onProgress, onStart, shouldStop })) {
    if (value !== undefined) checkFunction(`train: ${name}`, value)
  }
}
