import type { Tensor } from '../autodiff/index.ts'
import type {
  BoundNetwork,
  Condition,
  ConditionKind,
  ConditionSpec,
  FlowMap,
  Space,
  VelocityField,
} from '../model/index.ts'
import type { Draw, Features } from '../objective/index.ts'
import type { SampleWeight } from './weights.ts'

/**
 * Arrays that are drawn for a term: points `[rows, ...D]`, what the network sees of a condition under the name of its kind, the
 * others times, or what is told of guidance, `[rows, 1, ...]`.
 */
export type InputName =
  | 'x0'
  | 'eps'
  | 'xs'
  | 'xt'
  | 'noise'
  | 'noise2'
  | 'z'
  | ToldOfGuidance
  | ConditionKind
  | TimeName

/** The guidance scale of each sample, and the ends of the interval of times in which guidance acts where they are drawn. */
export const toldOfGuidance = ['scale', 'low', 'high'] as const

type ToldOfGuidance = (typeof toldOfGuidance)[number]

type TimeName = 's' | 't' | 'm' | 'r' | 'r2' | 'u' | 'anchor' | 'logWeight'

const POINTS: ReadonlySet<InputName> = new Set(['x0', 'eps', 'xs', 'xt', 'noise', 'noise2', 'z'])
export const isPoints = (name: InputName): boolean => POINTS.has(name)

export type TermInputs<T> = Readonly<Partial<Record<InputName, T>>>

/** A map or velocity, or how it is bound to the condition of each sample. */
export type Told<M extends object> = M | ((condition: Condition<Tensor> | undefined) => M)

export const tell = <M extends object>(map: Told<M>, condition: Condition<Tensor> | undefined): M =>
  typeof map === 'function' ? map(condition) : map

/** What a formula may ask for beside the student. */
export interface Guides {
  /** `theta-`; the student itself when absent. */
  readonly target?: Told<FlowMap>
  /** The student with its parameters stopped. */
  readonly frozen?: Told<FlowMap>
  /** The student told noisy points that a formula makes. */
  readonly toldPoints?: Draw['told']
  readonly teacher?: Told<VelocityField>
  /** What `auto` guidance leads away from. */
  readonly weak?: Told<VelocityField>
  readonly pretrained?: Told<FlowMap>
  /** The stochastic map; the inner flow of the teacher when absent. */
  readonly posterior?: Draw['posterior']
  /** Networks that train beside the student, by name. */
  readonly players?: (condition: Condition<Tensor> | undefined) => Readonly<Record<string, BoundNetwork>>
  readonly weight?: SampleWeight
  /** Where the points live; flat when absent. */
  readonly space?: Space
  /** What samples are told, where they are told something. */
  readonly told?: ConditionSpec
  /** The network that stands still for the perceptual loss: standardised points to features. */
  readonly features?: Features
  /** What samples are compared by, where it is not their coordinates. */
  readonly compared?: Features
  /** What is remembered of samples and of the data. */
  readonly memories?: Draw['memories']
  /** Of what the points that the network sees stand for. */
  readonly energy?: Draw['energy']
  /** The learned logarithm of the size of losses. */
  readonly logSize?: Draw['logSize']
}
