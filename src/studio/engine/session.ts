import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import { type Config, ConfigError, pointOf, resolveConfig, type UserConfig } from '../../config/index.ts'
import type { WeightsName } from '../../config/weights-name.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { StandardizedDataset } from '../../data/standardized.ts'
import { interpolants } from '../../model/index.ts'
import { objectives, whyNoJumps } from '../../objective/index.ts'
import type { Program } from '../../runtime/program.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Jump, Velocity } from '../../sampler/sampler.ts'
import type { State } from '../../serialization/checkpoint.ts'
import type { KnownClasses } from '../../serialization/conditions.ts'
import type { MetricsLine } from '../../serialization/metrics-log.ts'
import type { Model } from '../../serialization/model.ts'
import { dataRecord } from '../../serialization/record.ts'
import { RunError } from '../../serialization/run-error.ts'
import type { SteerableMap } from '../../steering/steerable.ts'
import { solvePool } from '../../training/coupling-pool.ts'
import { filledMemories } from '../../training/memory-start.ts'
import { buildStep, type Teachers } from '../../training/step.ts'
import { type Failure, Trainer, type TrainerOptions } from '../../training/trainer.ts'
import { trainedBy, trainedOn } from '../example/trained-by.ts'
import { fileOfPlan, MOST_STAGES, type Plan, type Stage, stepsOf, withStage } from '../plan.ts'
import { classDataset, classesOfConfig, toldClass } from './classes.ts'
import { exampleOf } from './example.ts'
import { mapGraph, pullbackGraph } from './map-graph.ts'
import { type OpenedFile, openFile } from './model-file.ts'
import { recipeKeys } from './recipe-keys.ts'
import { targetDataset } from './target.ts'
import { type Ended, guidanceOf } from './teachers.ts'
import { tiltKeys } from './tilt.ts'

/** Steps that schedules reckon with; a training may be longer. */
const LENGTH = 6000
/** Trajectories that a coupled training draws from: fewer than the command line's, so that nobody waits long. */
const PAIRS = 8192

/** What decides the form of a map beside its parameters. */
type MapShape = Pick<UserConfig, 'network' | 'times' | 'condition'>

/** The configuration of one stage, as `oxbow train` would take it but for its length. */
export function userConfigOf(
  { target, hidden, layers, batch, interpolant, seed, condition }: Plan,
  stage: Stage,
  exact: boolean,
  shape: MapShape = { network: { hidden, layers } },
): UserConfig {
  const objective = objectives.get(stage.objective)
  const needs = objective?.needs ?? []
  const teacher = needs.includes('teacher') || needs.includes('flow-map-teacher') || stage.tilt !== undefined
  const tilted = tiltKeys(stage, exact)
  const recipe = recipeKeys(stage, { batch })
  return {
    data: target.kind === 'built-in' ? target.name : { given: target.kind },
    objective: stage.objective,
    ...(condition && { condition: { kind: condition } }),
    ...shape,
    ...(recipe && {
      loss: recipe.loss,
      schedule: recipe.schedule,
      times: { ...recipe.times, ...shape.times },
    }),
    batch,
    interpolant,
    optimizer: { learningRate: stage.learningRate },
    steps: stage.recipe?.steps ?? Math.max(LENGTH, stage.steps),
    chunk: 10,
    seed,
    ...tilted,
    coupling: { pairs: recipe ? recipe.coupling.pairs : PAIRS, ...tilted.coupling },
    ...(teacher && { teacher: exact ? 'exact' : 'before' }),
  }
}

/** @throws ConfigError where it makes no sense, or its map has no jumps that could be shown */
export function configOf(...given: Parameters<typeof userConfigOf>): Config {
  const noJumps = whyNoJumps(given[1].objective)
  if (noJumps) throw new ConfigError(`${noJumps}; train it on the command line`)
  const { objective } = given[1]
  if (objectives.get(objective)?.parameterization === 'simplex')
    throw new ConfigError(
      `${objective} is for sequences of symbols, not points; train it on the command line`,
    )
  return resolveConfig(userConfigOf(...given))
}

/** What one stage of a training needs. */
interface Course {
  readonly config: Config
  readonly teachers: Teachers
  /** Absent where there is nothing to train: for an ONNX file. */
  readonly trainer?: Trainer
  readonly programs: { step?: Program; readonly jump: Program; readonly velocity?: Program }
  /** Others of its networks by their names, compiled when they are first asked for. */
  readonly asked: Map<string, Promise<Program>>
}

const ONLY_JUMP = 'an ONNX file contains only the jump of its map; open its .safetensors file for the rest'

const noVelocity = (): never => {
  throw new RunError(ONLY_JUMP)
}

/** What only shows the map of an ONNX file. */
const shownCourse = (config: Config, jump: Program): Course => ({
  config,
  teachers: {},
  programs: { jump },
  asked: new Map(),
})

async function openCourse(
  engine: Runtime,
  asked: Config,
  dataset: Dataset,
  ended: readonly Ended[],
  weights: Pick<TrainerOptions, 'starts' | 'averaged'>,
): Promise<Course> {
  const config = { ...asked, chunk: engine.chunk ?? asked.chunk }
  const { teachers, pairs } = guidanceOf(config, dataset, ended)
  const point = pointOf(config, dataset)
  const step = buildStep(config, point, teachers)
  const pool = pairs && (await solvePool(engine, config, dataset, pairs))
  const programs = {
    step: await engine.compileScan(step.graph, step.state.length),
    jump: await engine.compile(mapGraph(config, point, 'jump')),
    velocity: await engine.compile(mapGraph(config, point, 'velocity')),
  }
  const memories = await filledMemories(engine, config, dataset, step, weights.starts)
  const trainer = new Trainer(config, dataset, step, programs.step, { ...weights, pool, memories })
  return { config, teachers, programs, asked: new Map(), trainer }
}

/** What a file of a model says of it beside its weights. */
type ModelRecord = Pick<Model, 'config' | 'data'>

const recordOf = (config: Config, dataset: Dataset): ModelRecord => ({ config, data: dataRecord(dataset) })

const exampleConfig = (target: Plan['target']): Config =>
  configOf(trainedBy, trainedBy.stages.at(-1)!, targetDataset(trainedOn(target).target).mixture !== undefined)

const close = async ({ programs, asked }: Course): Promise<void> => {
  for (const program of asked.values()) await (await program).close()
  for (const program of Object.values(programs)) await program?.close()
}

/**
 * A training of the studio: its stages one after another, in memory. Taking the plan's steps again gives the same numbers
 * on the same machine.
 */
export class Session {
  /** Step of the present stage that the last line was of. */
  private logged = 0
  private readonly kept = new Map<string, unknown>()

  /** What the weights came of that the present stage begins with; absent where they were drawn. */
  private origin?: ModelRecord

  /** The class that its map is told; null for none. */
  told: number | null

  /** Players of the present stage that stand still. */
  paused: readonly string[] = []

  /** Steps of all stages that were taken while some stood still. */
  pausedSteps = 0

  private constructor(
    private readonly engine: Runtime,
    readonly dataset: StandardizedDataset,
    private current: Plan,
    private course: Course,
    /** Stages before the present one that trained. */
    private ended: readonly Ended[],
    /** That its map is told; null where it is told none. */
    readonly classes: KnownClasses | null,
    /** Of the file that it began with, in place of the plan's. */
    private readonly shape?: MapShape,
  ) {
    this.told = classes && toldClass(classes, null)
  }

  /**
   * At the beginning of the plan's first stage.
   *
   * @param file  the bytes of the model that it begins with
   * @throws ConfigError, DataError or RunError
   */
  static async open(engine: Runtime, plan: Plan, file?: Uint8Array): Promise<Session> {
    const source = fileOfPlan(plan)
    if (source) return Session.openFile(engine, plan, await openFile(engine, plan, source, file))
    const dataset = targetDataset(plan.target)
    const [stage] = plan.stages
    const fresh = { ...plan, stages: [{ ...stage, steps: 0 }] }
    const config = configOf(plan, stage, dataset.mixture !== undefined)
    const example = plan.start && (await exampleOf(plan, exampleConfig(plan.target)))
    const ended = example ? [example] : []
    const weights = example ? { starts: { map: example.raw }, averaged: { map: example.parameters } } : {}
    const course = await openCourse(engine, config, dataset, ended, weights)
    const session = new Session(engine, dataset, fresh, course, ended, classesOfConfig(config, dataset))
    if (example) session.origin = recordOf(example.config, targetDataset(trainedOn(plan.target).target))
    return session
  }

  private static async openFile(engine: Runtime, plan: Plan, file: OpenedFile): Promise<Session> {
    const { dataset, model, jump, classes = null } = file
    const [stage] = plan.stages
    const fresh = { ...plan, stages: [{ ...stage, steps: 0 }] }
    const { network, times, condition } = model?.config ?? {}
    const shape = model && { network, times: { minimum: times!.minimum }, condition }
    const config = configOf(plan, stage, dataset.mixture !== undefined, shape)
    if (!model) return new Session(engine, dataset, fresh, shownCourse(config, jump!), [], classes)
    const ended = [{ config: { ...config, objective: model.config.objective }, parameters: model.parameters }]
    const course = await openCourse(engine, config, dataset, ended, { starts: { map: model.parameters } })
    const known = classesOfConfig(config, dataset)
    const session = new Session(engine, dataset, fresh, course, ended, known, shape)
    session.origin = { config: model.config, data: model.data }
    return session
  }

  /** @throws RunError for the map of an ONNX file */
  private get trainer(): Trainer {
    const { trainer } = this.course
    if (trainer) return trainer
    throw new RunError(ONLY_JUMP)
  }

  /** What was trained so far: taking it again from the start leads here. */
  get plan(): Plan {
    return this.current
  }

  get step(): number {
    return stepsOf(this.current)
  }

  get config(): Config {
    return this.course.config
  }

  /** What the present weights came of: until the present stage has taken a step, what it began with. */
  get record(): ModelRecord {
    const begun = this.current.stages.at(-1)!.steps > 0
    return (!begun && this.origin) || recordOf(this.config, this.dataset)
  }

  /** Parameters of the map alone, `[P]`. */
  parameters(weights: WeightsName = 'ema'): Float32Array {
    return this.trainer.parameters(weights)
  }

  /**
   * Takes some steps, at most a chunk.
   *
   * @param until  the number of steps of the stage that is not passed
   * @returns what went wrong, when a number was not finite
   */
  async advance(until?: number): Promise<Failure | undefined> {
    const { trainer } = this
    const before = trainer.step
    const failure = await trainer.advance(...(until === undefined ? [] : [until]))
    this.grow(trainer.step - before)
    return failure
  }

  /** Whether the present stage is as long as it can be. */
  get full(): boolean {
    return (this.course.trainer?.step ?? 0) >= this.config.steps
  }

  /**
   * Has players of the present stage stand still from now on, and all others train.
   *
   * @throws ConfigError for a player that it does not have, or for all of them
   */
  async pausePlayers(players: readonly string[]): Promise<void> {
    const { trainer, course } = this
    const { config, teachers, programs } = course
    const step = buildStep(config, pointOf(config, this.dataset), teachers, undefined, players)
    const before = programs.step
    programs.step = await this.engine.compileScan(step.graph, step.state.length)
    trainer.goOnBy(step, programs.step)
    await before?.close()
    this.paused = players
    this.logged = trainer.step
  }

  private grow(steps: number): void {
    if (this.paused.length > 0) this.pausedSteps += steps
    const { stages } = this.current
    const last = stages.at(-1)!
    this.current = {
      ...this.current,
      stages: [...stages.slice(0, -1), { ...last, steps: last.steps + steps }],
    }
  }

  /** Means over the steps since the last line; nothing when there were none. */
  line(): MetricsLine | null {
    const { trainer } = this.course
    if (!trainer || trainer.step === this.logged) return null
    this.logged = trainer.step
    return trainer.line()
  }

  /**
   * Begins a new stage; one that has taken no step is replaced.
   *
   * @throws ConfigError when its objective cannot be trained here; the old one then goes on
   */
  async change(stage: Omit<Stage, 'steps'>): Promise<void> {
    const { stages } = this.current
    const taken = stages.at(-1)!.steps > 0
    if (taken && stages.length >= MOST_STAGES) {
      throw new ConfigError(`a training run has at most ${MOST_STAGES} stages; start over`)
    }
    const plan = withStage(this.current, stage)
    const next = plan.stages.at(-1)!
    const config = configOf(plan, next, this.dataset.mixture !== undefined, this.shape)
    const parameters = this.parameters().slice()
    const ended = taken ? [...this.ended, { config: this.config, parameters }] : this.ended
    const initial = next.keep ? parameters : undefined
    const course = await openCourse(
      this.engine,
      config,
      this.dataset,
      ended,
      initial ? { starts: { map: initial } } : {},
    )
    this.origin = initial && this.record
    await close(this.course)
    this.course = course
    this.current = plan
    this.ended = ended
    this.logged = 0
    this.paused = []
  }

  /** Tells its map another class from now on; null for none. */
  tell(asked: number | null): void {
    this.told = this.classes && toldClass(this.classes, asked)
  }

  /** The data that the map's samples are of: those of the class that it is told. */
  get seen(): StandardizedDataset {
    const { dataset, told } = this
    return told === null ? dataset : this.once(`data of class ${told}`, () => classDataset(dataset, told))
  }

  /** The map as it is now, told the class. */
  map(weights: WeightsName = 'ema'): { readonly jump: Jump; readonly velocity: Velocity } {
    const { jump, velocity } = this.course.programs
    const run = this.runner(weights)
    return {
      jump: (x, s, t) => run(jump, x, s, t),
      velocity: async (x, t) => run(velocity ?? noVelocity(), x, t, t),
    }
  }

  /** The same as steering asks of it, with its derivatives; an ONNX file has jumps alone. */
  steerable(weights: WeightsName = 'ema'): SteerableMap {
    const { course } = this
    const { jump, velocity } = this.map(weights)
    const common = { dimension: 2, interpolant: interpolants[this.config.interpolant], jump }
    if (!course.trainer) return common
    const run = this.runner(weights)
    const pull = async (
      value: 'jump' | 'velocity',
      x: Float32Array,
      s: number,
      t: number,
      g: Float32Array,
    ) => {
      const graph = () => pullbackGraph(course.config, pointOf(course.config, this.dataset), value)
      return run(await this.program(`pullback of ${value}`, graph), x, s, t, g)
    }
    return {
      ...common,
      velocity,
      jumpPullback: (x, s, t, g) => pull('jump', x, s, t, g),
      velocityPullback: (x, t, g) => pull('velocity', x, t, t, g),
    }
  }

  /** A program of the present stage's networks, compiled when it is first asked for and closed with the stage. */
  program(name: string, graph: () => Graph<CorePrimitive>): Promise<Program> {
    const { asked } = this.course
    const program = asked.get(name) ?? this.engine.compile(graph())
    asked.set(name, program)
    return program
  }

  /** Runs a program of the map on points at two times, told the class. */
  private runner(weights: WeightsName) {
    const parameters = this.course.trainer ? this.parameters(weights) : new Float32Array(0)
    const { classes, told } = this
    return async (program: Program, x: Float32Array, s: number, t: number, ...more: Float32Array[]) => {
      const count = x.length / 2
      const times = (value: number) => new Float32Array(count).fill(value)
      const one = classes ? [new BigInt64Array(count).fill(BigInt(told ?? classes.names.length))] : []
      return (await program.run([parameters, x, times(s), times(t), ...one, ...more]))[0] as Float32Array
    }
  }

  get state(): State {
    return this.trainer.state
  }

  /** What the present stage learns from beside data. */
  get teachers(): Teachers {
    return this.course.teachers
  }

  /** What is made once for the whole training, by its name; a program among it is closed with the training. */
  once<T>(name: string, make: () => T): T {
    if (!this.kept.has(name)) this.kept.set(name, make())
    return this.kept.get(name) as T
  }

  async close(): Promise<void> {
    for (const thing of this.kept.values()) {
      const made = await thing
      if (made && typeof made === 'object' && 'close' in made) await (made as Program).close()
    }
    this.kept.clear()
    await close(this.course)
  }
}
