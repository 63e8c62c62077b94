import { z } from 'zod'
import { evaluate, spec, type Tensor, trace } from '../autodiff/index.ts'
import { divergenceIn, type Geometry } from '../model/spaces/curved.ts'
import { finiteField } from '../model/spaces/finite.ts'
import type { Agreement } from './golden-agreement.ts'
import { spaceOfCode } from './golden-spaces.ts'

const rows = z.array(z.array(z.number()))
const schema = z.object({
  space: z.string(),
  in: z.record(z.string(), rows),
  out: z.record(z.string(), z.union([rows, z.array(z.number())])),
  finite: z
    .object({
      data: rows,
      weights: z.array(z.number()),
      x: rows,
      s: z.array(z.number()),
      posterior: rows,
      logDensity: z.array(z.number()),
      velocity: rows,
      divergence: z.array(z.number()),
    })
    .optional(),
})

/** What is given to each operation, and how it is computed. */
const operations: Readonly<
  Record<string, readonly [inputs: readonly string[], of: (space: Geometry, ...at: Tensor[]) => Tensor]>
> = {
  tangent: [['x', 'ambient'], ({ tangent }, x, a) => tangent(x, a)],
  exp: [['x', 'u'], ({ exp }, x, u) => exp(x, u)],
  log: [['x', 'y'], ({ log }, x, y) => log(x, y)],
  distance: [['x', 'y'], ({ distance }, x, y) => distance(x, y)],
  transport: [['x', 'y', 'w'], ({ transport }, x, y, w) => transport(x, y, w)],
  hessian: [['x', 'y', 'w'], ({ transverse, log }, x, y, w) => transverse(x, log(x, y), w)],
  logNear: [['x', 'near'], ({ log }, x, y) => log(x, y)],
  inner: [['u', 'w'], ({ inner }, u, w) => inner(u, w)],
  baseLogDensity: [['x'], ({ logNoise }, x) => logNoise(x)],
}

/** Of numbers of size 1; continuations through poles and cuts lose some digits. */
const TOLERANCE = 1e-9

function valuesOf(
  of: (...at: Tensor[]) => Tensor,
  given: readonly (readonly (readonly number[])[])[],
): number[] {
  const shapes = given.map(value => [value.length, value[0].length])
  const graph = trace(
    inputs => of(...(inputs as readonly Tensor[])),
    shapes.map(shape => spec(shape, 'float64')),
  )
  const inputs = given.map((value, i) => ({ shape: shapes[i], data: Float64Array.from(value.flat()) }))
  return [...evaluate(graph, inputs)[0].data].map(Number)
}

const apart = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...found.map((x, i) => Math.abs(x - expected[i]) / Math.max(1, Math.abs(expected[i]))))

/** Compares the functions of a space, and the exact field of finite data in it, in float64. */
export function checkOperations(json: unknown): Agreement {
  const { space: code, in: given, out, finite } = schema.parse(json)
  const space = spaceOfCode(code)
  const { geometry } = space
  const errors: Record<string, number> = {}
  for (const [name, [inputs, of]] of Object.entries(operations)) {
    if (!out[name]) continue
    const found = valuesOf(
      (...at) => of(geometry, ...at),
      inputs.map(input => given[input]),
    )
    errors[name] = apart(found, out[name].flat())
  }
  if (finite) {
    const field = finiteField(space, finite.data, finite.weights)
    const times = finite.s.map(s => [s])
    const at = (of: (x: Tensor, s: Tensor) => Tensor) => valuesOf(of, [finite.x, times])
    errors.posterior = apart(at(field.posterior), finite.posterior.flat())
    errors.logDensity = apart(at(field.logDensity), finite.logDensity)
    errors.velocity = apart(at(field.velocity), finite.velocity.flat())
    errors.divergence = apart(
      at((x, s) => divergenceIn(geometry, x => field.velocity(x, s), x)),
      finite.divergence,
    )
  }
  return { term: `operations of ${code}`, errors, passed: Object.values(errors).every(e => e <= TOLERANCE) }
}
