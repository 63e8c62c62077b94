import { type Config, defaultsOf } from '../config/index.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import { shellWord } from './format.ts'

type Plain = Readonly<Record<string, unknown>>

/** Keys whose value is given whole: a part of it would not replace what is there. */
const WHOLE = new Set(['times.gap'])

const isBlock = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Nested keys joined by dots; a block of data keeps its one key. */
function leaves(value: Plain, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const path = prefix + key
    const whole = WHOLE.has(path) || prefix === 'data.' || !isBlock(inner)
    return whole ? [[path, inner]] : leaves(inner, `${path}.`)
  })
}

/** Options with names of their own. */
const SHORT: Readonly<Record<string, string>> = {
  'optimizer.learningRate': 'lr',
  initFrom: 'init-from',
}
/** Options that take text as it is. */
const TEXTS = new Set(['data', 'objective', 'teacher', 'initFrom'])

function option(key: string, value: unknown): string {
  const plain = typeof value === 'string' && (TEXTS.has(key) || /^[A-Za-z][\w-]*$/.test(value))
  return `--${SHORT[key] ?? key} ${shellWord(plain ? value : JSON.stringify(value))}`
}

/**
 * The command that trains a run again: what differs from the defaults of its recipe or objective, as options.
 *
 * @param directory  of the run, where the command would write
 */
export function trainCommand(config: Config, directory: string): string {
  const { seeds, ...rest } = config
  const { data, noise, initialization } = seeds
  const oneSeed = data === noise && noise === initialization
  const usual = new Map(
    leaves(defaultsOf(config.objective, config.recipe, config)).map(([key, value]) => [
      key,
      JSON.stringify(value),
    ]),
  )
  const named = ['data', 'recipe', 'objective', 'steps']
  const changed = leaves(oneSeed ? rest : config).filter(
    ([key, value]) => !named.includes(key) && usual.get(key) !== JSON.stringify(value),
  )
  const words = [
    ...leaves({ data: config.data }).map(([key, value]) => option(key, value)),
    config.recipe ? option('recipe', config.recipe) : option('objective', config.objective),
    ...changed.map(([key, value]) => option(key, value)),
    option('steps', config.steps),
    ...(oneSeed ? [option('seed', data)] : []),
    `--out ${shellWord(directory)}`,
  ]
  return `oxbow train ${words.join(' ')}`
}

const guidanceWords = ({ scale, interval, onJumps }: GuidanceChoice): string[] => [
  `--guidance ${scale}`,
  ...(interval ? [`--guidance-interval ${interval.join(',')}`] : []),
  ...(onJumps ? ['--guidance-on-jumps'] : []),
]

/**
 * The command that measures a run again.
 *
 * @param kind  of what the run is told
 */
export function evaluateCommand(
  {
    steps,
    grids = [],
    count,
    seed,
    method,
    weights,
    metrics,
    features,
    guidance,
    without,
    solvers,
  }: EvaluationRequest,
  directory: string,
  kind: Config['condition']['kind'] = 'none',
): string {
  const words = [
    ...(grids.length > 0 ? grids.map(grid => `--grid ${grid.join(',')}`) : [`--steps ${steps.join(',')}`]),
    `--count ${count}`,
    `--seed ${seed}`,
    ...(method === 'auto' ? [] : [`--method ${method}`]),
    ...(metrics ? [`--metrics ${metrics === 'all' ? metrics : metrics.join(',')}`] : []),
    ...(features ? [`--features ${shellWord(features)}`] : []),
    ...(solvers ? [`--solvers ${solvers === 'all' ? solvers : solvers.join(',')}`] : []),
    ...(guidance ? guidanceWords(guidance) : []),
    ...(without ? [`--${kind} none`] : []),
    ...(weights.length === 2 ? [] : [`--weights ${weights[0]}`]),
  ]
  return `oxbow evaluate ${shellWord(directory)} ${words.join(' ')}`
}
