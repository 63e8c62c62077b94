import { checkFixture, parseFixture, UnknownRowError } from './golden.ts'
import { checkAdapter } from './golden-adapter.ts'
import type { Agreement } from './golden-agreement.ts'
import { distributionalTerms } from './golden-distributional.ts'
import { checkFinite, checkLaw, checkMarkov } from './golden-exact.ts'
import { checkField } from './golden-field.ts'
import { checkForward } from './golden-forward.ts'
import { checkTerms } from './golden-given-term.ts'
import { likelihoodTerms } from './golden-likelihood-terms.ts'
import { checkObjective } from './golden-objective.ts'
import { checkOperations } from './golden-operations.ts'
import { checkSpaces } from './golden-spaces.ts'
import { checkSteering, isSteering } from './golden-steering.ts'

/** Fixtures that name no kind: an objective on points in the plane. */
const POINTS = 'points'
/** Fixtures whose gradients are given by network; they need not name their kind. */
const STEERING = 'steering'
/** Fixtures that name the player that trains. */
const DISTRIBUTIONAL = 'distributional'

/** Fixtures that name the space of their points. */
const SPACES = 'spaces'

const usualKind = (json: unknown): string => {
  if (isSteering(json)) return STEERING
  if (Object.hasOwn(json as object, 'space')) return SPACES
  return Object.hasOwn(json as object, 'trains') ? DISTRIBUTIONAL : POINTS
}

/** How fixtures are checked, by their `kind`. */
export const goldenKinds: Readonly<Record<string, (json: unknown) => Agreement>> = {
  [POINTS](json) {
    const { term, lossError, gradientError, passed } = checkFixture(parseFixture(json))
    return { term, errors: { loss: lossError, gradients: gradientError }, passed }
  },
  forward: checkForward,
  objective: checkObjective,
  field: checkField,
  adapter: checkAdapter,
  term: json => checkTerms(likelihoodTerms, json),
  [DISTRIBUTIONAL]: json => checkTerms(distributionalTerms, json),
  [SPACES]: checkSpaces,
  operations: checkOperations,
  exact: checkFinite,
  markov: checkMarkov,
  law: checkLaw,
  [STEERING]: checkSteering,
}

/**
 * Computes what a fixture holds and compares.
 *
 * @throws UnknownRowError when there is no such kind, row or option
 */
export function checkGolden(json: unknown, kinds = goldenKinds): Agreement {
  const { kind = usualKind(json) } = json as { readonly kind?: string }
  if (Object.hasOwn(kinds, kind)) return kinds[kind](json)
  throw new UnknownRowError(`kind: expected one of ${Object.keys(kinds).join(', ')}; found ${kind}`)
}
