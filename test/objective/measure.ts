import type { Value } from '../../src/autodiff/index.ts'
import type { FlowMap } from '../../src/model/index.ts'
import type { Loss } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { hermite, meanOver, type Posterior, posterior } from './posterior.ts'
import type { Claim, Expectation } from './promises.ts'
import {
  type Batch,
  batch,
  drawOf,
  inputsOf,
  largest,
  norm,
  type Roles,
  residuals,
  withoutSites,
} from './setting.ts'
import type { World } from './worlds.ts'

export type MakeLoss = (options: object) => Loss

/** How far a promise is missed: the largest residual, or how far its measured order lies below the promised one. */
export interface Miss {
  readonly kind: Expectation['kind']
  readonly by: number
}

function rolesOf(claim: Claim, world: World, map: FlowMap, nodes: Posterior): Roles {
  const { interpolant, velocity } = world
  const given = claim.roles?.(world, map, nodes)
  return { map, teacher: velocity, pretrained: map, interpolant, ...given }
}

/** The residuals at a batch, or their means given a point of the path. */
function measured(
  claim: Claim,
  world: World,
  map: FlowMap,
  loss: Loss,
  given: 's' | 't' | null,
  at: Batch,
): Value[] {
  const alone = { batch: at, weights: new Float64Array(at.s.data.length).fill(1) }
  const nodes = given ? posterior(world, at, given, claim.rule ?? hermite) : alone
  const drawn = given && claim.draws ? claim.draws(world, nodes.batch) : nodes.batch
  return withoutSites(() =>
    residuals(loss, rolesOf(claim, world, map, nodes), drawn).map(value =>
      meanOver(value, nodes.weights, at.s.data.length),
    ),
  )
}

/** By how much each promise of a claim is missed by a map. */
export function misses(claim: Claim, world: World, map: FlowMap, make: MakeLoss): Miss[] {
  const { promises, options = {}, batch: at = batch } = claim
  const cached = new Map<string, Value[]>()
  const once = (name: string, compute: () => Value[]) => {
    if (!cached.has(name)) cached.set(name, compute())
    return cached.get(name)!
  }
  return promises.map((promise, i): Miss => {
    const { kind } = promise
    if (kind === 'order') {
      const size = (h: number) => {
        const changed = promise.step(h)
        const loss = make({ ...options, ...changed.options })
        return norm(measured(claim, world, map, loss, promise.mean ? 's' : null, changed.batch ?? at)[i])
      }
      return { kind, by: promise.order - Math.log2(size(world.step) / size(world.step / 4)) / 2 }
    }
    const given = kind === 'mean' ? promise.given : null
    const found = once(String(given), () => measured(claim, world, map, make(options), given, at))[i]
    if (kind !== 'value') return { kind, by: largest(found) }
    const nodes = { batch: at, weights: new Float64Array() }
    const [expected] = valuesOf(
      (...x) => promise.expected(drawOf(rolesOf(claim, world, map, nodes), x)),
      ...inputsOf(at),
    )
    return { kind, by: largest({ ...found, data: found.data.map((v, i) => v - expected.data[i]) }) }
  })
}

/** Whether a promise of a claim is kept. */
export const kept = ({ kind, by }: Miss, world: World, { tolerance = 0 }: Claim): boolean =>
  kind === 'order' ? Math.abs(by) < 0.06 : by < Math.max(tolerance, world.tolerance)

/** Whether a promise is broken beyond doubt. */
export const broken = ({ kind, by }: Miss): boolean => (kind === 'order' ? by > 0.5 : by > 5e-3)
