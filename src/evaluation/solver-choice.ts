import { ConfigError, findObjective } from '../config/index.ts'
import { interpolants } from '../model/index.ts'
import { whyNoJumps, whyNoVelocity } from '../objective/index.ts'
import { noisesOf } from '../sampler/fitness.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import { type SamplingMethod, SOLVERS } from '../sampler/names.ts'
import { type SampledBy, whyNot } from '../sampler/sampling.ts'

/** Methods to compare, or all that fit the run. */
export type SolverRequest = 'all' | readonly SamplingMethod[]

/** What is compared, and a line for each reason to leave something out. */
export interface ChosenSolvers {
  readonly methods: readonly SamplingMethod[]
  readonly notes: readonly string[]
}

const NOISY = 'noise is added on the way, so points follow no path to compare'

/** Why the points of a method are not compared with the flow of a run's velocity, in a line; nothing where they are. */
function obstacle(run: SampledBy, method: SamplingMethod): string | undefined {
  const choice = { method }
  const path = interpolants[run.interpolant]
  const grid = usualGrid(choice, path, 2)
  if (noisesOf(choice, path, grid) > 0) return NOISY
  if (method === 'jump' && findObjective(run.objective!).parts === null) {
    return "the jumps of a velocity are Euler's steps, which euler is"
  }
  return whyNot(run, choice, grid)
}

/**
 * The methods of a comparison that fit a run. The jumps of a map are always among them.
 *
 * @param guided  whether jumps are not those of the flow, since the velocity is guided and they are not
 * @throws ConfigError when the run has no velocity of its own, or a method that was named does not fit
 */
export function chooseSolvers(run: SampledBy, asked: SolverRequest, guided: boolean): ChosenSolvers {
  const { id, parts } = findObjective(run.objective!)
  const noJumps = whyNoJumps(id)
  if (noJumps) throw new ConfigError(`solvers: ${noJumps}; its one method is transition`)
  const noVelocity = whyNoVelocity(id, run.isGrounded)
  if (noVelocity) throw new ConfigError(`solvers: ${noVelocity} that they could follow`)
  const leftOut = new Map<string, SamplingMethod[]>()
  const fits = (method: SamplingMethod, isNamed: boolean): boolean => {
    const reason =
      method === 'jump' && guided ? 'a guided jump is not the jump of the guided flow' : obstacle(run, method)
    if (reason === undefined) return true
    if (isNamed) throw new ConfigError(`solvers: ${reason.startsWith(method) ? '' : `${method}: `}${reason}`)
    // One reason of several methods is told once.
    const shared = reason.startsWith(`${method} `) ? reason.slice(method.length + 1) : reason
    leftOut.set(shared, [...(leftOut.get(shared) ?? []), method])
    return false
  }
  const named = asked === 'all' ? [] : asked
  const methods = SOLVERS.filter(method => {
    const isNamed = named.includes(method)
    // It is of maps that have no velocity to compare with.
    if (method === 'transition' && !isNamed) return false
    const isMeant = isNamed || asked === 'all' || (method === 'jump' && parts !== null)
    // Of a velocity nobody misses the jumps.
    return isMeant && (isNamed || method !== 'jump' || parts !== null) && fits(method, isNamed)
  })
  return {
    methods,
    notes: [...leftOut].map(([reason, names]) => `left out ${names.join(', ')}: ${reason}`),
  }
}
