import type { WeightsName } from '../../config/weights-name.ts'
import type { BinnedLoss } from '../../evaluation/loss-bins.ts'
import type { Residuals } from '../../metric/residuals.ts'
import type { KnownClasses } from '../../serialization/conditions.ts'
import type { MetricsLine } from '../../serialization/metrics-log.ts'
import type { Choices } from '../../steering/choices.ts'
import type { InversionName } from '../../steering/names.ts'
import type { SteerResult } from '../../steering/steer.ts'
import type { Plan, Stage, Tilt, Wish } from '../plan.ts'
import type { PageMethod } from '../solvers.ts'
import type { PictureReport } from './pictures/training.ts'

/** Points `[n, 2]`, row after row. */
export type PlanePoints = Float32Array

/** Which samples are off the data, the share of the first 2,000 of them, and that of real data: mean and range. */
export interface Strays {
  /** 1 for a sample that is off the data, `[n]`. */
  readonly marks: Uint8Array
  readonly value: number
  readonly floor: number
  readonly low: number
  readonly high: number
}

/** `[low, high]` around a measured value. */
export type Interval = readonly [number, number]

/** What can be asked of a training, and what is answered. */
export interface Questions {
  /** Where one jump takes points from `s` to each of `times`. */
  jump: { ask: { points: PlanePoints; s: number; t: number; weights: WeightsName }; answer: PlanePoints }
  /** The same points through a grid of times, by the map's jumps or by a solver of its velocity; all times. */
  through: {
    ask: {
      points: PlanePoints
      grid: readonly number[]
      method: PageMethod
      weights: WeightsName
    }
    answer: readonly PlanePoints[]
  }
  /**
   * The exact path of points that are at `times[0]`, at each of `times` (falling or rising); integrated from the map's
   * own velocity where the target has no closed form.
   */
  path: {
    ask: { points: PlanePoints; times: readonly number[]; weights?: WeightsName }
    answer: { points: readonly PlanePoints[]; exact: boolean }
  }
  /** The map's velocity on points at one time and, where it is known, the exact one. */
  field: {
    ask: { points: PlanePoints; t: number; weights: WeightsName }
    answer: { own: PlanePoints; exact: PlanePoints | null }
  }
  /** Which of some points of time 0 are off the data; null where the data are not known. */
  strays: { ask: { points: PlanePoints }; answer: Strays | null }
  /** How far the map is from a flow map, over pairs of times. */
  residuals: { ask: { levels: number; weights: WeightsName }; answer: Residuals }
  /** Metrics of samples from the noise `drawNoise(count, 2, seed)` in each number of steps, with the floor of each. */
  metrics: {
    ask: {
      steps: readonly number[]
      method: PageMethod
      weights: WeightsName
      count: number
      seed: number
    }
    answer: {
      values: readonly Readonly<Record<string, number>>[]
      /** Of 95 %, with the luck of the samples and of the reference. */
      intervals: readonly Readonly<Record<string, Interval>>[]
      floors: Readonly<Record<string, { value: number; low: number; high: number }>>
    }
  }
  /** Samples of the map that are steered to a reward by the library's `steer`. */
  steer: {
    ask: Choices & {
      /** Standard normal, as many as the samples; four times as many for the best of four. */
      points: PlanePoints
      tilt: Wish
      steps: number
      /** Metropolis moves, of the kernels `jump` and `noise`. */
      moves: number
      /** Whether particles are resampled on the way, and not only at the end. */
      resample: boolean
      seed: number
      weights: WeightsName
    }
    answer: {
      /** Without steering, from the same noise. */
      before: PlanePoints
      after: PlanePoints
      /** The tilted law; null where the data are not known. */
      exact: {
        points: PlanePoints
        reward: number
        /** `log E[e^{beta r}]` of the data, by draws of them, and its standard error. */
        logZ: number
        logZError: number
        /** Sliced Wasserstein distances to it, and that of two draws from it. */
        distances: { before: number; after: number; floor: number }
      } | null
      /** Of the samples before and after; null where the data are not known. */
      marks: { before: Uint8Array; after: Uint8Array } | null
      /** Mean of the reward over each. */
      rewards: { before: number; after: number }
    } & Pick<
      SteerResult,
      'logZ' | 'logZError' | 'ess' | 'distinct' | 'acceptance' | 'evaluations' | 'isSample'
    >
  }
  /** Samples of a map that has learnt a reward, beside data that is tilted by it exactly. */
  tilted: {
    ask: {
      points: PlanePoints
      tilt: Tilt
      steps: number
      /** Jumps, or Heun's method on a velocity. */
      method: 'jump' | 'heun'
      weights: WeightsName
    }
    answer: {
      points: PlanePoints
      exact: PlanePoints
      /** Of the points; null where the data are not known. */
      marks: Uint8Array | null
      /** Mean of the reward over each. */
      rewards: { points: number; exact: number }
      /** Sliced Wasserstein distance to the tilted data, and its floor. */
      distances: { points: number; floor: number }
    }
  }
  /** Data to noise by the library's `inverted`, and back to data. */
  invert: {
    /** A null method is what the library takes. */
    ask: { points: PlanePoints; method: InversionName | null; weights: WeightsName }
    answer: {
      noise: PlanePoints
      back: PlanePoints
      method: InversionName
      /** Share of the points of which no noise was found. */
      missed: number
    }
  }
  /** What a point may become by noise up to the time `tau` and a jump back: `count` times for each point. */
  edit: {
    ask: { points: PlanePoints; tau: number; count: number; seed: number; weights: WeightsName }
    answer: {
      points: PlanePoints
      /** Null where the data are not known. */
      marks: Uint8Array | null
    }
  }
  /** Noise `drawNoise(count, 2, seed)` through steps: all times, with the metrics of the last and their floors. */
  samples: {
    ask: {
      steps: number
      method: PageMethod
      weights: WeightsName
      count: number
      seed: number
    }
    answer: {
      path: readonly PlanePoints[]
      /** Of the last. */
      marks: Uint8Array
      /** Whether every metric is within the range of real data, as far as so many samples can tell. */
      within: boolean
      values: Readonly<Record<string, number>>
      intervals: Readonly<Record<string, Interval>>
      floors: Questions['metrics']['answer']['floors']
    }
  }
  /** The loss of the present stage by the times that are drawn, on fresh draws. */
  losses: { ask: { bins: number; draws: number; weights: WeightsName }; answer: readonly BinnedLoss[] }
  /** What a player says of points at a noise level, one number each, by the weights that the map learns from. */
  judged: { ask: { player: string; points: PlanePoints; r: number }; answer: Float32Array }
  /** Where the training moves samples of the map: the same noises each time, of the class that is told. */
  drift: { ask: { weights: WeightsName }; answer: { points: PlanePoints; drift: PlanePoints } }
  /** Points of the target. */
  target: { ask: { count: number; seed: number }; answer: PlanePoints }
  /** Files to take home. */
  file: { ask: { format: 'safetensors' | 'onnx'; weights: WeightsName }; answer: Uint8Array }
}

export type QuestionName = keyof Questions

/** When the steps of a plan are taken again: at once, once it is played, or at once and then training goes on. */
export type Replay = 'now' | 'held' | 'on'

/**
 * What a page tells an engine; `run` names the training. Each `revision` of a run is above the one before, and comes back
 * in the reports of whoever has heard it.
 */
export type Command =
  /** With the bytes of the file that the plan begins with, if it does. */
  | { type: 'open'; run: string; plan: Plan; replay?: Replay; file?: Uint8Array; revision?: number }
  | { type: 'play'; run: string; revision?: number }
  | { type: 'pause'; run: string; revision?: number }
  | { type: 'step'; run: string; steps: number }
  | { type: 'change'; run: string; stage: Omit<Stage, 'steps'>; revision?: number }
  /** Which players stand still in the present stage from now on, the map among them; none where empty. */
  | { type: 'pause-players'; run: string; players: readonly string[]; revision?: number }
  /** How many samples the reports hold, of which weights and of which class, by its place; absent for none. */
  | { type: 'show'; run: string; count: number; weights: WeightsName; class?: number }
  | { type: 'close'; run: string }
  /** Trains a small network on pictures (`pictures/training.ts`): it plays, pauses, closes, and is asked for its `file`. */
  | { type: 'open-pictures'; run: string }
  /** Of the map that is told a class, by its place; absent for none. */
  | { type: 'ask'; run: string; id: number; name: QuestionName; ask: unknown; class?: number }

/** Whether a command begins a training. */
export const isOpening = ({ type }: Pick<Command, 'type'>): boolean =>
  type === 'open' || type === 'open-pictures'

/** What an engine tells a page. */
export type Report =
  /** The runtime is on its way: bytes that have arrived, of all. */
  | { type: 'loading'; received: number; total: number }
  /** The runtime is loaded. */
  | { type: 'ready'; engine: string }
  /** A training is open, or has gone on. */
  | {
      type: 'progress'
      run: string
      /** Of the newest command that it has heard. */
      revision: number
      plan: Plan
      playing: boolean
      /** Steps of the plan that is being taken again; null once it is done. */
      goal: number | null
      /** Means since the last report; absent before the first step. */
      line: MetricsLine | null
      /** One-step samples; of the averaged weights unless others were asked for. */
      samples: PlanePoints
      /**
       * Sliced Wasserstein distance of the first 2,000 of those, with its interval of 95 %, and what data itself scores: mean and range. Null where it
       * cannot be known; absent where it was not measured this time.
       */
      distance?: { value: number; interval?: Interval; floor: number; low: number; high: number } | null
      /** Whether that and the strays are within the range of real data; told with the distance. */
      within?: boolean
      /** Of the samples; null where the data are not known, absent where it was not measured this time. */
      strays?: Strays | null
      /** That the map is told; absent where it is told none. */
      classes?: KnownClasses
      /** Players that stand still; absent where all train. */
      paused?: readonly string[]
      /** Steps that were taken while some did, of which a plan does not tell; absent where there are none. */
      pausedSteps?: number
    }
  /** The same of a training on pictures. */
  | ({ type: 'pictures'; run: string } & PictureReport)
  | { type: 'answer'; run: string; id: number; answer: unknown }
  /** `ended` where nothing trains the run, or all runs where it names none: it is to be opened. */
  | { type: 'refused'; run: string; id: number | null; message: string; ended?: boolean }
