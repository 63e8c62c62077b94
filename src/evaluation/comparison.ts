import { join } from 'node:path'
import { z } from 'zod'
import { isSolved } from '../config/coupling.ts'
import {
  type Config,
  ConfigError,
  findObjective,
  merge,
  resolveConfig,
  type UserConfig,
} from '../config/index.ts'
import { type Recipe, recipes } from '../config/recipes.ts'
import { groundsInTeacher, solvesAlone } from '../config/validate.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import { show } from '../data/show.ts'
import { expectation } from '../data/validate.ts'
import { allMetrics } from '../metric/table.ts'
import type { Objective } from '../objective/index.ts'
import { withInitialNetwork } from '../training/initial.ts'
import { folderName, jobId, portableConfig, RUNS } from './identity.ts'

type Plain = Record<string, unknown>

const HEADLINES = [...(Object.keys(allMetrics) as [string, ...string[]]), 'trajectoryError'] as const

const keys = z.record(z.string(), z.unknown())

const schema = z.strictObject({
  title: z.string().optional(),
  data: z.custom<DatasetSpec>(value => value !== undefined && value !== null).default('ring'),
  objectives: z
    .array(
      z.union([
        z.string(),
        z.strictObject({ id: z.string(), label: z.string().optional(), training: keys.default({}) }),
      ]),
    )
    .min(1),
  /** `train` one for each seed, `exact`, or a run directory. */
  teacher: z.string().default('train'),
  seeds: z.int().min(1).max(100).default(1),
  steps: z.array(z.int().min(1).max(10_000)).min(1).default([1, 2, 4, 8]),
  count: z.int().min(100).default(20_000),
  weights: z.enum(['ema', 'raw']).default('ema'),
  /** ONNX network that metrics of features look through; that of the package by default, where it has one. */
  features: z.string().min(1).optional(),
  /** What the terminal and the report show first, after `strays`. */
  metric: z.enum(HEADLINES).default('slicedWasserstein'),
  /** Training keys of every run, and of the teachers' alone. */
  training: keys.default({}),
  teacherTraining: keys.default({}),
})

/** What is compared. */
export type ComparisonConfig = z.infer<typeof schema>

/** One training of a comparison. */
export interface PlannedRun {
  /** Hash of the configuration. */
  readonly id: string
  /** Row of the table that it belongs to. */
  readonly method: string
  readonly seed: number
  readonly directory: string
  readonly config: Config
  /** The same as every machine reads it. */
  readonly portable: Plain
  /** Directory of the run that must be finished first. */
  readonly after?: string
}

/** A row of the table. */
export interface PlannedMethod {
  readonly id: string
  readonly label: string
  readonly objective: string
}

export interface Plan {
  readonly methods: readonly PlannedMethod[]
  readonly runs: readonly PlannedRun[]
}

/**
 * Completes and checks a comparison's configuration.
 *
 * @throws ConfigError with one line
 */
export function resolveComparison(user: Plain): ComparisonConfig {
  const parsed = schema.safeParse(user)
  if (parsed.success) {
    checkBlocks(parsed.data)
    return parsed.data
  }
  const [issue] = parsed.error.issues
  if (issue.code === 'unrecognized_keys') {
    const name = [...issue.path, issue.keys[0]].join('.')
    throw new ConfigError(
      `unknown key ${name} of a comparison; known: ${Object.keys(schema.shape).join(', ')} (training keys go under "training")`,
    )
  }
  const found = issue.path.reduce<unknown>((value, step) => (value as Plain)?.[step as string], user)
  throw new ConfigError(`${issue.path.join('.')}: ${expectation(issue)}, found ${show(found)}`)
}

/** Keys that a comparison decides for all its trainings. */
const SHARED = ['data', 'objective', 'seed', 'seeds']

function checkBlocks({ objectives, training, teacherTraining }: ComparisonConfig): void {
  const blocks = { training, teacherTraining } as Record<string, Plain>
  objectives.forEach((entry, i) => {
    if (typeof entry !== 'string') blocks[`objectives.${i}.training`] = entry.training
  })
  for (const [name, block] of Object.entries(blocks)) {
    const key = SHARED.find(key => key in block)
    if (key)
      throw new ConfigError(
        `${name}.${key}: is the same for all runs of a comparison; set it outside of ${name}`,
      )
  }
}

/** The recipe of that name: a row is an objective or a recipe. */
const findRecipe = (id: string): Recipe | undefined =>
  Object.hasOwn(recipes, id) ? recipes[id as keyof typeof recipes] : undefined

const TEACHER: PlannedMethod = { id: 'teacher', label: 'Euler on the teacher', objective: 'flow-matching' }

/** What is trained where a row learns from a flow map and none is named. */
const MAP_TEACHER = 'psd'

/** Training keys that a teacher takes over: it must see the same path, be told the same, and is given the same size. */
const TEACHER_KEYS = ['network', 'interpolant', 'condition']

interface Folders {
  /** The comparison's directory. */
  readonly root: string
  /** The folder of its file. */
  readonly base: string
}

/** One training, in a directory whose name says what it is and changes with the configuration. */
function plannedRun(
  { root, base }: Folders,
  method: string,
  seed: number,
  config: Config,
  after?: string,
): PlannedRun {
  const portable = portableConfig(config, base, after)
  const directory = join(root, RUNS, folderName(method, seed, portable))
  return { id: jobId(portable), method, seed, directory, config, portable, after }
}

/**
 * Every run that a comparison needs, teachers first. A run's directory holds the hash of its configuration, so a changed
 * comparison trains anew only what changed.
 *
 * @param root  the comparison's directory
 * @param base  the folder of its file, which relative paths were written from
 * @throws ConfigError when a configuration is refused
 */
export function planComparison(comparison: ComparisonConfig, root: string, base = '.'): Plan {
  const folders = { root, base }
  const { data, objectives, teacher, seeds, training, teacherTraining } = withMapTeacher(comparison)
  const velocity: Plain = { objective: 'flow-matching', network: { conditioning: 's' } }
  const listed = objectives.map(entry => {
    const { id, label = id, training: own = {} } = typeof entry === 'string' ? { id: entry } : entry
    const recipe = findRecipe(id)
    const objective = findObjective(recipe?.objective ?? id)
    const base = recipe ? { recipe: id } : objective.parts ? {} : { network: { conditioning: 's' } }
    return {
      method: { id: label, label, objective: objective.id },
      learnsFrom: learnsFrom(objective, base, training, own),
      own: merge(base, own),
    }
  })
  const ids = listed.map(({ method }) => method.id)
  const repeated = ids.find((id, i) => ids.indexOf(id) !== i)
  if (repeated)
    throw new ConfigError(`objectives: ${repeated} is listed twice; give each entry its own label`)

  const trained = teacher === 'train' && listed.some(entry => entry.learnsFrom === 'velocity')
  const runs: PlannedRun[] = []
  for (let seed = 0; seed < seeds; seed++) {
    const trainedBy: Partial<Record<LearnsFrom, string>> = {}
    if (trained) {
      const shared = Object.fromEntries(
        TEACHER_KEYS.flatMap(key => (key in training ? [[key, training[key]]] : [])),
      )
      const config = resolveFor('teacher', [{ data, seed }, shared, velocity, teacherTraining].reduce(merge))
      const run = plannedRun(folders, TEACHER.id, seed, config)
      trainedBy.velocity = run.directory
      runs.push(run)
    }
    for (const { method, own, learnsFrom } of listed) {
      const directory = learnsFrom && trainedBy[learnsFrom]
      const user = [
        { data, seed, objective: method.objective },
        learnsFrom ? { teacher: directory ?? teacher } : {},
        training,
        own,
      ].reduce(merge)
      const config = resolveFor(method.id, user)
      const run = plannedRun(folders, method.id, seed, config, directory)
      runs.push(run)
      if (method.objective === MAP_TEACHER && teacher === 'train') trainedBy['flow map'] ??= run.directory
    }
  }
  return { methods: [...(trained ? [TEACHER] : []), ...listed.map(({ method }) => method)], runs }
}

/** Says which row of the comparison a refused training configuration belongs to. */
function resolveFor(method: string, user: Plain): Config {
  try {
    return resolveConfig(withInitialNetwork(user as UserConfig))
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`training of ${method}: ${error.message}`)
    throw error
  }
}

type LearnsFrom = 'velocity' | 'flow map'

/** What a row of the comparison needs another run for. */
function learnsFrom(objective: Objective, ...blocks: Plain[]): LearnsFrom | undefined {
  const { recipe, teacher, diagonal, options, coupling } = blocks.reduce(merge, {}) as {
    diagonal?: Plain
    options?: Plain
    coupling?: Plain
    recipe?: string
    teacher?: string
  }
  // It names its teacher, or a recipe that trains one.
  if (teacher !== undefined || recipe !== undefined) return undefined
  if (objective.needs.includes('flow-map-teacher')) return 'flow map'
  const asked =
    (objective.needs.includes('teacher') && !(solvesAlone(objective) && coupling?.teacher)) ||
    groundsInTeacher(diagonal?.objective as string | undefined) ||
    (coupling !== undefined && isSolved(coupling as Config['coupling']) && !coupling.teacher) ||
    objective.needsTeacher?.(options ?? {})
  return asked ? 'velocity' : undefined
}

/** Puts the flow map that others learn from before them, and among the objectives where it is not listed. */
function withMapTeacher(comparison: ComparisonConfig): ComparisonConfig {
  const { objectives, teacher } = comparison
  const idOf = (entry: ComparisonConfig['objectives'][number]) =>
    typeof entry === 'string' ? entry : entry.id
  const asked = objectives.some(entry => {
    const id = idOf(entry)
    return !findRecipe(id) && findObjective(id).needs.includes('flow-map-teacher')
  })
  if (!asked || teacher !== 'train') return comparison
  const first = objectives.find(entry => idOf(entry) === MAP_TEACHER) ?? MAP_TEACHER
  return { ...comparison, objectives: [first, ...objectives.filter(entry => entry !== first)] }
}
