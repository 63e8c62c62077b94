import type { z } from 'zod'
import type { Operand, Tensor } from '../autodiff/index.ts'
import type {
  InterpolantName,
  Network,
  NetworkConfig,
  ParameterizationName,
  PointSpec,
} from '../model/index.ts'
import type { GuidanceRuleName } from './guidance.ts'
import type { Draw, Loss } from './loss.ts'
import type { Features } from './perceptual.ts'
import type { Present, Schedule } from './schedule.ts'
import type { Jumps, TimeLawName, TimeOptions } from './times.ts'

export type Rule = 'diagonal' | 'compositional' | 'lagrangian' | 'eulerian' | 'distributional'
export type Setting = 'distillation' | 'self-distillation' | 'marginal' | 'velocity'
/** What training needs beside noise. */
export type Need = 'data' | 'teacher' | 'flow-map-teacher' | 'both-directions' | 'energy' | 'weights'

/**
 * Where a training's points come from: data and noise drawn apart; the same, matched by optimal transport; pairs of a noise and the point to which a teacher
 * takes it; a teacher's samples with noise drawn apart; or points along a teacher's trajectories.
 */
export type CouplingKind = 'independent' | 'ot' | 'reflow' | 'samples' | 'trajectory'

/** What a run takes from the objective where the user says nothing. */
export interface ObjectiveDefaults {
  /** Weight of the consistency term. */
  readonly weight?: number
  /** Part of the batch that trains the diagonal. */
  readonly diagonalFraction?: number
  readonly times?: {
    readonly law?: TimeLawName
    readonly gap?: number | Schedule
    readonly group?: number
  } & TimeOptions
  readonly loss?: {
    readonly kind?: 'mse' | 'pseudo-huber' | 'cauchy'
    readonly c?: number
    readonly adaptive?: { readonly p: number; readonly c: number }
    readonly learned?: boolean
  }
  readonly clip?: number
  readonly target?: 'ema' | 'student'
  readonly coupling?: CouplingKind
  /** The rule of guidance that it is made with. */
  readonly guidance?: GuidanceRuleName
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
  /**
   * Whether a sample's loss depends on the others of its batch: then the batch may not be split, shared with another part, or
   * weighed sample by sample.
   */
  readonly batchwise?: boolean
  /** The mean square that is reported of it, where its loss is none as it stands. */
  readonly residual?: Loss
  /** Further numbers of the log by their names, means over samples: they say what the loss does not. */
  readonly measures?: Readonly<Record<string, Loss>>
  /** Where it moves the map's samples, where it says so and they are compared as points. */
  readonly drift?: Drift
}

/** What moves samples of the map: in words, and as a vector for each, `[B, ...D]`. */
export interface Drift {
  readonly says: string
  readonly of: (draw: Draw) => Tensor
}

/** What a formula is: it decides what is drawn and trained for it, and which settings make sense. */
export interface Traits {
  /** What its residual compares; default `velocity`. */
  readonly compares?: 'velocity' | 'jump'
  /** Whether it goes by way of a drawn time between its two. */
  readonly between?: boolean
  /** Whether it divides by `s - t`, so that the two times must differ. */
  readonly dividesByGap?: boolean
  /** Whether it asks for the map from its target time on. */
  readonly startsAtTarget?: boolean
  /** Whether it differentiates the map by a time, so that features of times must not change too fast. */
  readonly differentiatesTime?: boolean
  /** Whether it tells times apart that differ by the same. */
  readonly absoluteTimes?: boolean
  /** What it draws beside a point and its times. */
  readonly draws?: readonly ('x0' | 'noise' | 'r' | 'noise2' | 'r2' | 'u' | 'logWeight')[]
  /** Whether it compares samples by features, where a run has such. */
  readonly features?: boolean
  /** Whether it trains what the network predicts as it stands, and not its velocity. */
  readonly predicts?: boolean
  /** Whether it compares what the model says of samples that are told something with what it says without. */
  readonly untold?: boolean
  /** Whether it asks for samples of the data given a noisy point. */
  readonly posterior?: boolean
  /** The one path that it is written for; default any. */
  readonly interpolant?: InterpolantName
  /** Whether it is right in the conditional mean only, which robust losses move. */
  readonly conditionalMean?: boolean
  /** Whether the noise of a sample must be drawn apart from its data. */
  readonly freshNoise?: boolean
  /**
   * Whether it holds in a curved space: every point that it makes is one of the space, and what it compares are points, or
   * vectors at one point.
   */
  readonly curved?: boolean
}

/** A network that trains beside the map. */
export interface Player {
  readonly name: string
  /** What it is called where its name alone says too little. */
  readonly title?: string
  /** What it learns, in a few words. */
  readonly learns: string
  /** What its value at a point means, where that is one number: above 0, and below. */
  readonly says?: { readonly above: string; readonly below: string }
  /** Its network, from the map's own keys and points. */
  readonly network: (config: NetworkConfig, point: PointSpec) => Network
  /** The keys of the network of a model whose parameters it has, so that it may begin with those of one. */
  readonly keys?: (config: NetworkConfig) => NetworkConfig
  /** Whether it is told nothing beside a point, whatever the map is told. */
  readonly isUntold?: boolean
  /** Whether it is a velocity, whose network's output is read as that of a map with its keys. */
  readonly isVelocity?: boolean
}

/** What points are remembered by: so many features, and so many classes, 1 where they are not told apart. */
export interface Compared {
  readonly features: number
  readonly classes: number
}

/** What is kept of points by their features `[N, K]`, in one vector. */
export interface KeptOf {
  readonly size: (of: Compared) => number
  /** @param label  `[N]`, where classes are told apart */
  readonly keep: (features: Tensor, of: Compared, label?: Tensor) => Tensor
  /** What is kept of equal sets together: the mean of what is kept of each, or one after another, as many as there is room for. */
  readonly joins: 'mean' | 'one-by-one'
}

/** What a run remembers of its samples from step to step: a player without a gradient. */
export interface Memory {
  readonly name: string
  /** What is kept of samples, and of the data, which stays. */
  readonly samples: KeptOf
  readonly data: KeptOf
  /** Whether classes are told apart. */
  readonly byClass: boolean
  /** Whether the log alone reads it, so that a run of a time before it goes on without what it would have kept. */
  readonly watches?: boolean
  /** What it knows points of so many numbers by, where that is not what the run compares samples by. */
  readonly features?: (dimension: number) => Features
  /** What it keeps of samples after a step. */
  readonly update: (draw: Draw) => Tensor
}

/** Some players train on some parts, while all others stand still; a training step is a round of turns. */
export interface Turn {
  /** `map`, or names of players. */
  readonly trains: readonly string[]
  /** Updates in a round, each on a draw of its own; default 1. */
  readonly times?: number
  readonly parts: readonly Part[]
}

/** How an objective trains. */
export interface Method<O = unknown> {
  readonly id: string
  readonly rule: Rule
  readonly setting: Setting
  /** Output of the network that the paper trains; most rows take the other one too. */
  readonly parameterization: ParameterizationName
  readonly needs: readonly Need[]
  /** Whether these options ask for a teacher although `needs` does not. */
  readonly needsTeacher?: (options: O) => boolean
  readonly jumps: Jumps
  /**
   * How a map that ends at data alone takes several steps: with fresh noise between (default), or along the bridge to each point. Or that
   * it is a map of velocities, told noisy points, of which a velocity is drawn for each step.
   */
  readonly sampler?: 'renoise' | 'bridge' | 'transition'
  /** Id of the diagonal term trained beside it, or `null` where none is needed. */
  readonly diagonal: string | null
  readonly options: z.ZodType<O>
  /** The consistency term's parts, or `null` for a row that is only a diagonal term. */
  readonly parts: ((options: Present<O>) => readonly Part[]) | null
  /** Networks that train beside the map. */
  readonly players?: readonly Player[] | ((options: O) => readonly Player[])
  /** What it remembers of its samples. */
  readonly memories?: (options: O) => readonly Memory[]
  /** Whether it trains the divergence head of the map. */
  readonly head?: boolean
  /** The turns of a round, where they are more than one of all players on `parts`; how many may not depend on options that are scheduled. */
  readonly turns?: (options: Present<O>) => readonly Turn[]
  /**
   * Whether it fixes where each noise goes; default true. Others fix what comes out alone, so that nothing is offered that follows a
   * trajectory: inversion, likelihood, trajectory error.
   */
  readonly keepsTrajectories?: boolean
  /** Its loss as a diagonal term, where it can be one. */
  readonly grounds?: (options: Present<O>) => Loss
  readonly traits: Traits | ((options: O) => Traits)
  /** The one coupling that makes a row what it is; default any. */
  readonly coupling?: CouplingKind
  readonly defaults: ObjectiveDefaults
}

/** What is said of an objective. */
export interface Description {
  readonly name: string
  readonly formula: string
  /** TeX of each part by its name, and of the diagonal term where a row writes it out. */
  readonly terms: Readonly<Record<string, string>>
  /** TeX of definitions of the letters in them. */
  readonly where?: readonly string[]
  /** TeX of the whole, where it is not the sum of its terms. */
  readonly tex?: string
  readonly paper: string
  /** One step's cost in forward passes as the literature counts it (diagonal included); `null` where it gives none. */
  readonly publishedCost: number | null
  /** What the published count does otherwise, where the measured one is another. */
  readonly costNote?: string
  /** Where the formula stands: a file, and the names of its functions there. */
  readonly source: string
  readonly code: readonly string[]
  readonly whenToUse: string
  readonly trouble: string
}

/** One row of the catalogue. */
export type Objective<O = unknown> = Method<O> & Description & { readonly tex: string }

type Optional = 'parameterization' | 'jumps' | 'traits' | 'defaults'

/** Completes a row, and keeps its option type while it is written down. */
export function row<O>(
  method: Omit<Method<O>, Optional> & Partial<Pick<Method<O>, Optional>>,
  description: Description,
): Objective {
  const { terms, where = [] } = description
  const tex = [Object.values(terms).join(' + '), ...where].join(',\\; ')
  const optional = { parameterization: 'average-velocity', jumps: 'any', traits: {}, defaults: {} } as const
  return { ...optional, ...method, tex, ...description } as Objective
}

/** Whether its map is an inner flow of velocities at noisy points that the formula makes and tells it. */
export const isTwoLevel = ({ sampler }: Pick<Objective, 'sampler'>): boolean => sampler === 'transition'

/** The traits of an objective under some options of it. */
export const traitsOf = ({ traits }: Objective, options: unknown): Traits =>
  typeof traits === 'function' ? traits(options) : traits

/** The parts of an objective that is one formula. */
export const one = (loss: Loss): readonly Part[] => [{ name: 'consistency', loss }]
