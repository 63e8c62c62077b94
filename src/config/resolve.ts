import { show } from '../data/show.ts'
import { type Objective, ownId } from '../objective/index.ts'
import { adapterConfig } from './adapter.ts'
import { base, kindIn, networkDefaults, objectiveConfig, recipeConfig } from './defaults.ts'
import { ConfigError } from './error.ts'
import { guidanceConfig } from './guidance.ts'
import { describe } from './keys.ts'
import { findObjective } from './objective.ts'
import { isPlain, merge, type Plain } from './plain.ts'
import { DEFAULT_RECIPE, type RecipeName, recipes } from './recipes.ts'
import { type Config, networkSchema, schema, type UserConfig } from './schema.ts'
import { validate } from './validate.ts'

/** What a run that begins with another's weights trains where nothing is named. */
const CONTINUED = 'lsd'

/**
 * The recipe that a user names, or the default one where neither it nor an objective is named: it begins with weights of
 * its own.
 */
function recipeOf({ recipe, objective, initFrom }: Plain) {
  if (recipe === null) return undefined
  if (recipe === undefined && (objective !== undefined || typeof initFrom === 'string')) return undefined
  const name = recipe ?? DEFAULT_RECIPE
  if (typeof name !== 'string' || !Object.hasOwn(recipes, name)) {
    throw new ConfigError(`recipe: expected one of ${Object.keys(recipes).join(', ')}; found ${show(name)}`)
  }
  const found = recipes[name as RecipeName]
  if (objective !== undefined && objective !== found.objective) {
    throw new ConfigError(
      `recipe: ${name} trains ${found.objective}, found the objective ${show(objective)}; name one of the two`,
    )
  }
  return found
}

/**
 * Completes and checks a configuration: the defaults of the recipe and of the objective fill in what the user leaves
 * out. With neither named, the recipe is `one-step`.
 *
 * @throws ConfigError with one line: the key, what was found and what was expected
 */
export function resolveConfig(user: UserConfig | Plain): Config {
  if (!isPlain(user)) throw new ConfigError(`config: expected keys and values, found ${show(user)}`)
  const { seed = 0, ...given } = user as Plain
  const rest = merge({}, given)
  if (!Number.isSafeInteger(seed)) {
    const range = Number.isInteger(seed)
      ? ` from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`
      : ''
    throw new ConfigError(`seed: expected an integer${range}, found ${show(seed)}`)
  }
  const recipe = recipeOf(rest)
  const asNamed = rest.objective ?? recipe?.objective ?? CONTINUED
  if (typeof asNamed !== 'string') throw new ConfigError(`objective: expected a name, found ${show(asNamed)}`)
  const id = ownId(asNamed)
  if (rest.objective !== undefined) rest.objective = id
  if (isPlain(rest.diagonal)) rest.diagonal = withOwnId(rest.diagonal)
  const objective = findObjective(id)
  const seeds = { data: seed, noise: seed, initialization: seed }
  const kind = kindIn(rest)
  const own = recipe ? recipeConfig(recipe.id, rest, kind) : {}
  const before = [networkDefaults(kind), { objective: id, seeds }, objectiveConfig(objective, kind), own]
  const asked = merge(merge(objectiveConfig(objective, kind), own), rest)
  const under = [...before, guidanceConfig(asked, kind, objective)].reduce<Plain>(merge, base)
  const filled = merge(merge(under, adapterConfig(merge(under, rest), under, kind)), rest)
  const parsed = schema.safeParse(filled)
  if (!parsed.success) throw new ConfigError(describe(parsed.error.issues[0], filled))
  checkNetwork(filled, kind)
  const config = { ...parsed.data, options: objectiveOptions(objective, parsed.data.options, 'options') }
  const grounding = config.diagonal.objective
  if (grounding !== null && objective.parts) {
    const options = objectiveOptions(findObjective(grounding), config.diagonal.options, 'diagonal.options')
    config.diagonal = { ...config.diagonal, options }
  } else if (Object.keys(config.diagonal.options).length > 0) {
    throw new ConfigError(
      `diagonal.options: ${id} ${objective.parts ? 'has no diagonal term here' : 'is itself the diagonal term; use options'}`,
    )
  }
  const nonsense = validate(config, objective)
  if (nonsense) throw new ConfigError(nonsense)
  return config
}

/** Keys with a diagonal term by its id, where they name one. */
const withOwnId = (keys: Plain): Plain =>
  typeof keys.objective === 'string' ? { ...keys, objective: ownId(keys.objective) } : keys

function checkNetwork(config: Plain, kind: string): void {
  const { error } = networkSchema(kind).safeParse(config.network)
  if (!error) return
  const [issue] = error.issues
  throw new ConfigError(describe({ ...issue, path: ['network', ...issue.path] }, config))
}

function objectiveOptions(objective: Objective, given: Plain, key: string): Plain {
  const parsed = objective.options.safeParse(given)
  if (parsed.success) return parsed.data as Plain
  const [issue] = parsed.error.issues
  if (issue.code === 'unrecognized_keys') {
    const name = [key, ...issue.path, issue.keys[0]].join('.')
    throw new ConfigError(`${name}: ${objective.id} has no such option`)
  }
  throw new ConfigError(`${key}.${describe(issue, given)}`)
}
