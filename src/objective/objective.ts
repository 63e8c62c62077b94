import type { z } from 'zod'
import type { Operand } from '../autodiff/index.ts'
import type { ParameterizationName } from '../model/index.ts'
import type { Loss } from './loss.ts'
import type { Present, Schedule } from './schedule.ts'
import type { Jumps, TimeLawName, TimeOptions } from './times.ts'

export type Rule = 'diagonal' | 'compositional' | 'lagrangian' | 'eulerian'
export type Setting = 'distillation' | 'self-distillation' | 'marginal' | 'velocity'
export type DiagonalId = 'flow-matching' | 'teacher-velocity' | 'itm'
/** What training needs beside noise. */
export type Need = 'data' | 'teacher' | 'flow-map-teacher' | 'both-directions'

/**
 * Where a training's points come from: data and noise drawn apart; pairs of a noise and the point to which a teacher
 * takes it; a teacher's samples with noise drawn apart; or points along a teacher's trajectories.
 */
export type CouplingKind = 'independent' | 'reflow' | 'samples' | 'trajectory'

/** What a run takes from the objective where the user says nothing. */
export interface ObjectiveDefaults {
  /** Weight of the consistency term. */
  readonly weight?: number
  /** Part of the batch that trains the diagonal. */
  readonly diagonalFraction?: number
  readonly times?: { readonly law?: TimeLawName; readonly gap?: number | Schedule } & TimeOptions
  readonly loss?: {
    readonly kind?: 'mse' | 'pseudo-huber' | 'cauchy'
    readonly c?: number
    readonly adaptive?: { readonly p: number; readonly c: number }
  }
  readonly clip?: number
  readonly target?: 'ema' | 'student'
  readonly coupling?: CouplingKind
}

/** One of the losses that an objective sums on the same draw. */
export interface Part {
  readonly name: string
  readonly loss: Loss
  /** The one time that it is about, where it is not about a jump: what weights over times go by. */
  readonly at?: 's' | 't'
  /** Beside the weight of the whole term; default 1. */
  readonly weight?: Operand
  /** Whether it is trained as it stands: robust losses and weights are for residuals of the student. */
  readonly plain?: boolean
}

/** One row of the catalogue. */
export interface Objective<O = unknown> {
  readonly id: string
  readonly name: string
  readonly rule: Rule
  readonly setting: Setting
  /** Output of the network that the paper trains; most rows take the other one too. */
  readonly parameterization: ParameterizationName
  readonly formula: string
  readonly tex: string
  readonly paper: string
  readonly needs: readonly Need[]
  /** Whether these options ask for a teacher although `needs` does not. */
  readonly needsTeacher?: (options: O) => boolean
  /** One step's cost in forward passes as the literature counts it (diagonal included); `null` where it gives none. */
  readonly publishedCost: number | null
  /** What the published count does otherwise, where the measured one is another. */
  readonly costNote?: string
  /** Where the formula stands: a file, and the names of its functions there. */
  readonly source: string
  readonly code: readonly string[]
  readonly whenToUse: string
  readonly trouble: string
  readonly jumps: Jumps
  /** The diagonal term trained beside it, or `null` where none is needed. */
  readonly diagonal: DiagonalId | null
  readonly options: z.ZodType<O>
  /** The consistency term's parts, or `null` for a row that is only a diagonal term. */
  readonly parts: ((options: Present<O>) => readonly Part[]) | null
  readonly defaults: ObjectiveDefaults
}

type Optional = 'parameterization' | 'jumps' | 'defaults'

/** Completes a row, and keeps its option type while it is written down. */
export const row = <O>(
  given: Omit<Objective<O>, Optional> & Partial<Pick<Objective<O>, Optional>>,
): Objective => ({ parameterization: 'average-velocity', jumps: 'any', defaults: {}, ...given }) as Objective

/** The parts of an objective that is one formula. */
export const one = (loss: Loss): readonly Part[] => [{ name: 'consistency', loss }]
