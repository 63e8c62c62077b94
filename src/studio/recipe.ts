import { isSolved } from '../config/coupling.ts'
import { type Config, resolveConfig, type UserConfig } from '../config/index.ts'
import { asksTeacher } from '../config/validate.ts'
import { objectives } from '../objective/index.ts'
import { isSchedule } from '../objective/schedule.ts'
import { shellWord } from '../report/format.ts'
import { userConfigOf } from './engine/session.ts'
import { targetDataset } from './engine/target.ts'
import { hasExactMap, teachesMap, teachesVelocity } from './engine/teachers.ts'
import { trainedBy, trainedOn } from './example/trained-by.ts'
import { fileOfPlan, type Plan, stepsOf } from './plan.ts'

/** A run that the command line trains. */
export interface RecipeRun {
  /** Its run directory. */
  readonly directory: string
  /** What differs from the defaults, as in a YAML file. */
  readonly config: UserConfig
}

/** How to train the same with the command line, or why that cannot be said. */
export type Recipe =
  | {
      readonly runs: readonly RecipeRun[]
      readonly notes: readonly string[]
      /** The table of the target's points that the runs read, where the target is not built in. */
      readonly table: string | null
    }
  | { readonly reason: string }

/** A plan that the command line cannot be told. */
class Unsayable extends Error {}

/** A name of a file, of letters that every shell and file system takes. */
const plainName = (name: string): string =>
  name.replaceAll(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'points'

/** The file of a target's points, and the keys of a configuration that read it; built-in data need none. */
function dataOf({ target }: Plan): { name: string; table: string | null; keys: Partial<UserConfig> } {
  if (target.kind === 'built-in') return { name: target.name, table: null, keys: {} }
  if (target.kind === 'unknown') {
    throw new Unsayable('The file does not contain its data, which training needs: pass it with --data FILE.')
  }
  const name = target.kind === 'density' ? 'drawing' : plainName(target.name.replace(/\.\w+$/, ''))
  const table = `${name}-points.csv`
  // Where the page trains on them, they are on the page's scale already.
  return { name, table, keys: { data: table, standardize: 'none' } }
}

const isAnnealed = (config: Config): boolean =>
  config.schedule.kind !== 'constant' ||
  [...Object.values(config.options), ...Object.values(config.times)].some(isSchedule)

/** Writes the runs that a stage needs, those before it first; gives its directory. */
function writeStage(plan: Plan, at: number, done: Map<number, RecipeRun>, notes: Set<string>): string {
  const written = done.get(at)
  if (written) return written.directory
  const stage = plan.stages[at]
  const { name, keys } = dataOf(plan)
  const dataset = targetDataset(plan.target)
  const directory = `runs/${name}-${stage.objective}${at === plan.stages.length - 1 ? '' : `-${at + 1}`}`
  const before = (teaches: typeof teachesMap): string => {
    const from = plan.stages.findLastIndex(
      ({ objective, steps }, i) => i < at && steps > 0 && teaches(objectives.get(objective)!),
    )
    if (from < 0) throw new Unsayable('It learns from a stage without steps.')
    return writeStage(plan, from, done, notes)
  }
  const asked = userConfigOf(plan, stage, dataset.mixture !== undefined)
  const { chunk: _, coupling, teacher: __, ...rest } = asked
  const resolved = resolveConfig(asked)
  const row = objectives.get(stage.objective)!
  const coupled = isSolved(resolved.coupling)
  const teachers = [
    ...(row.needs.includes('flow-map-teacher')
      ? [hasExactMap(dataset, plan.interpolant) ? 'exact' : before(teachesMap)]
      : []),
    ...(asksTeacher(resolved, row) || coupled ? [dataset.mixture ? 'exact' : before(teachesVelocity)] : []),
  ]
  if (new Set(teachers).size > 1)
    throw new Unsayable('It learns from two teachers, but a run can name only one.')
  if (isAnnealed(resolved) && stage.steps !== resolved.steps) {
    notes.add(
      `Numbers of ${stage.objective} change over the training: here over ${resolved.steps} steps, in a run of ${stage.steps} over those, so its points will differ a little.`,
    )
  }
  const initFrom = initialOf(plan, at, done, notes)
  done.set(at, {
    directory,
    config: {
      ...rest,
      ...keys,
      steps: stage.steps,
      ...((coupled || coupling?.kind) && { coupling }),
      ...(teachers.length > 0 && { teacher: teachers[0] }),
      ...(initFrom !== undefined && { initFrom }),
    },
  })
  return directory
}

/** Writes the runs of the example that comes with the page, before all others; gives the last one's directory. */
function writeExample(target: Plan['target'], done: Map<number, RecipeRun>, notes: Set<string>): string {
  notes.add(
    'The example that comes with the page is trained first. The page holds its weights with 16 bits, so points will differ a little.',
  )
  const own = new Map<number, RecipeRun>()
  writeStage(trainedOn(target), trainedBy.stages.length - 1, own, notes)
  const name = (at: number): string => `runs/example-${at + 1}`
  for (const [at, { config }] of own) {
    const initFrom = config.initFrom === undefined ? {} : { initFrom: name(at - 1) }
    done.set(at - own.size, { directory: name(at), config: { ...config, ...initFrom } })
  }
  return name(own.size - 1)
}

/** What the weights of a stage begin as, where they are not drawn. */
function initialOf(
  plan: Plan,
  at: number,
  done: Map<number, RecipeRun>,
  notes: Set<string>,
): string | undefined {
  if (!plan.stages[at].keep) return undefined
  if (at > 0) return writeStage(plan, at - 1, done, notes)
  if (plan.start === 'example') return writeExample(plan.target, done, notes)
  const file = fileOfPlan(plan)
  if (file?.format === 'onnx') throw new Unsayable('An ONNX file can only be viewed, not trained.')
  return file && (file.path === undefined ? file.name : `runs/${file.path}`)
}

/**
 * The plan that a run's weights came of: without a stage that has taken no step yet and keeps them, and that of the example
 * until it is trained on.
 */
export function originOf(plan: Plan): Plan {
  const last = plan.stages.at(-1)!
  if (last.steps > 0 || !last.keep) return plan
  if (plan.stages.length > 1) return { ...plan, stages: plan.stages.slice(0, -1) }
  return plan.start === 'example' ? trainedOn(plan.target) : plan
}

/** What a run's weights were trained with; absent where a file does not say. */
export function trainedObjective(plan: Plan): string | null {
  const origin = originOf(plan)
  const file = fileOfPlan(origin)
  return file && stepsOf(origin) === 0 ? file.objective : origin.stages.at(-1)!.objective
}

/**
 * How to train the same with the command line.
 *
 * @param pausedSteps  those in which a player was paused, of which a plan does not tell
 */
export function recipeOf(shown: Plan, pausedSteps = 0): Recipe {
  const plan = originOf(shown)
  if (pausedSteps > 0) {
    return {
      reason: `A player was paused for ${pausedSteps.toLocaleString('en')} steps, which no command can say.`,
    }
  }
  const last = plan.stages.length - 1
  if (plan.stages[last].steps === 0) return { reason: 'Nothing has been trained yet.' }
  const done = new Map<number, RecipeRun>()
  const notes = new Set<string>()
  try {
    writeStage(plan, last, done, notes)
    const { table } = dataOf(plan)
    if (table !== null)
      notes.add(
        `Save the target's points as ${table} first; a tenth of them is held out, so the points will differ a little.`,
      )
    return { runs: [...done.values()], notes: [...notes], table }
  } catch (error) {
    if (error instanceof Unsayable) return { reason: error.message }
    throw error
  }
}

type Plain = Readonly<Record<string, unknown>>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keys of blocks joined by dots. */
const flat = (block: Plain, path = ''): [string, unknown][] =>
  Object.entries(block).flatMap(([key, value]) =>
    value === undefined ? [] : isPlain(value) ? flat(value, `${path}${key}.`) : [[path + key, value]],
  )

const SHORT: Readonly<Record<string, string>> = { 'optimizer.learningRate': 'lr' }

/** The command that trains a run. */
export function commandOf({ directory, config }: RecipeRun): string {
  const words = flat(config as Plain).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `--${SHORT[key] ?? key} ${shellWord(text)}`
  })
  return ['npx oxbow train', ...words, `--out ${shellWord(directory)}`].join(' ')
}

/** A value as TypeScript, keys unquoted where they may be. */
function literal(value: unknown, indent: string): string {
  if (!isPlain(value)) return JSON.stringify(value).replaceAll('"', "'")
  const parts = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => `${/^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`}: ${literal(each, `${indent}  `)}`)
  const line = `{ ${parts.join(', ')} }`
  if (line.length + indent.length < 80) return line
  return `{\n${parts.map(part => `${indent}  ${part},\n`).join('')}${indent}}`
}

/**
 * A program that trains the same and samples it; without a recipe, one that samples the model taken home.
 *
 * @param steps  jumps of a sample
 */
export function snippetOf(
  recipe: Recipe,
  { steps, seed }: { readonly steps: number; readonly seed: number },
): string {
  const runs = 'runs' in recipe ? recipe.runs : []
  const names = ['drawNoise', 'jumpThrough', 'load', ...(runs.length > 0 ? ['train'] : []), 'uniformGrid']
  const trainings = runs.map(
    ({ directory, config }) => `await train(${literal(config, '')}, { directory: '${directory}' })`,
  )
  const model = runs.at(-1)?.directory ?? 'model.safetensors'
  return `${[
    `import { ${names.join(', ')} } from 'oxbow'`,
    '',
    ...trainings,
    `const map = await load('${model}')`,
    `const noise = drawNoise(5000, map.dimension, ${seed})`,
    `const points = await jumpThrough(map.jump, noise, uniformGrid(${steps}))`,
    'console.log(points.length / map.dimension, "points")'.replaceAll('"', "'"),
    'await map.close()',
  ].join('\n')}\n`
}
