import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import type { Mixture } from '../data/dataset.ts'
import { interpolants, mixtureVelocity, type VelocityField } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { solve } from '../sampler/adaptive.ts'
import type { Velocity } from '../sampler/sampler.ts'

interface OpenVelocity {
  readonly velocity: Velocity<Float64Array>
  readonly close: () => Promise<void>
}

const TOLERANCE = 1e-6

/** A velocity of float64 tensors as a function of many points. */
export async function openVelocity(
  runtime: Runtime,
  field: VelocityField,
  dimension: number,
): Promise<OpenVelocity> {
  const graph = trace(({ x, t }) => field.velocity(x, t), {
    x: spec([DYNAMIC, dimension], 'float64'),
    t: spec([DYNAMIC, 1], 'float64'),
  })
  const program = await runtime.compile(simplify(graph))
  return {
    velocity: async (x, t) =>
      (await program.run([x, new Float64Array(x.length / dimension).fill(t)]))[0] as Float64Array,
    close: () => program.close(),
  }
}

/** The closed-form velocity of a mixture as a function of many points, in float64. */
export const exactVelocity = (
  runtime: Runtime,
  mixture: Mixture,
  interpolant: Config['interpolant'],
): Promise<OpenVelocity> =>
  openVelocity(
    runtime,
    mixtureVelocity(mixture, interpolants[interpolant]),
    mixture.components[0].mean.length,
  )

/** Where a velocity takes points from `t = 1` to an end. @throws Error when the solver does not reach its tolerance */
async function solveAlong(
  { velocity, close }: OpenVelocity,
  noise: Float32Array,
  end: number,
): Promise<Float64Array> {
  try {
    return await solve(velocity, Float64Array.from(noise), 1, end, { tolerance: TOLERANCE })
  } finally {
    await close()
  }
}

/** Where the exact flow map takes these points from `t = 1` to `t = 0`. */
export const exactEnds = async (
  runtime: Runtime,
  mixture: Mixture,
  interpolant: Config['interpolant'],
  noise: Float32Array,
): Promise<Float64Array> => solveAlong(await exactVelocity(runtime, mixture, interpolant), noise, 0)

/** Where a field takes these points from `t = 1` to `end`. */
export const endsAlong = async (
  runtime: Runtime,
  field: VelocityField,
  dimension: number,
  noise: Float32Array,
  end: number,
): Promise<Float64Array> => solveAlong(await openVelocity(runtime, field, dimension), noise, end)
