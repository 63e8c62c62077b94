import { refuseArgument } from '../data/arguments.ts'
import { type Linearization, invert as newton } from '../density/inverse.ts'
import type { Points } from '../model/index.ts'
import { solve } from '../sampler/adaptive.ts'
import { heun, jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import type { InversionName } from './names.ts'
import { mapped, type SteerableMap, SteeringError, velocityOf } from './steerable.ts'

export interface InversionOptions<P extends Points = Float32Array> {
  readonly method: InversionName
  /** Of Heun's method; default 64. */
  readonly steps?: number
  /** Local error of the adaptive solver; default 1e-6. */
  readonly tolerance?: number
  /** The jump `F(z, 1, 0)` with its Jacobian in float64, for Newton's method, and noise from which a search begins. */
  readonly newton?: { readonly jump: Linearization; readonly starts: P }
}

/** Noise that data come from. */
export interface Inverted<P extends Points = Float32Array> {
  readonly noise: P
  /** Of Newton's method: share of the points of which no noise was found; their noise is the nearest that was. */
  readonly missed?: number
}

/**
 * Data `[n, D]` to noise. `jump` is one jump up, of a map that is trained both ways; `heun` and `adaptive` follow the velocity;
 * `newton` solves `F(z, 1, 0) = x` for the map's own decoder.
 *
 * A fixed point iteration `z + a (x - F(z))` is not offered: of the exact map of two Gaussians a third of the points come near,
 * where Newton's damped method reaches all.
 */
export async function inverted<P extends Points>(
  map: SteerableMap<P>,
  data: P,
  { method, steps = 64, tolerance = 1e-6, newton: search }: InversionOptions<P>,
): Promise<Inverted<P>> {
  const { dimension, noTrajectories } = map
  if (noTrajectories) throw new SteeringError(`no inversion is offered: ${noTrajectories}`)
  switch (method) {
    case 'jump':
      return { noise: await map.jump(data, 0, 1) }
    case 'heun': {
      const rising = [...uniformGrid(steps)].reverse()
      return { noise: await jumpThrough(heun(velocityOf(map, 'the inversion heun')), data, rising) }
    }
    case 'adaptive': {
      const velocity = velocityOf(map, 'the inversion adaptive')
      const like = (values: ArrayLike<number>): P => mapped(data, (_, i) => values[i])
      const slope = async (x: Float64Array, t: number) => Float64Array.from(await velocity(like(x), t))
      return { noise: like(await solve(slope, Float64Array.from(data), 0, 1, { tolerance })) }
    }
    case 'newton': {
      if (!search) throw new SteeringError('the inversion newton needs the derivatives of the map')
      if (search.starts.length % dimension)
        refuseArgument('inverted: starts', 'whole points', search.starts.length)
      const { noise, reached } = await newton(
        search.jump,
        Float64Array.from(data),
        dimension,
        Float64Array.from(search.starts),
      )
      return {
        noise: mapped(data, (_, i) => noise[i]),
        missed: reached.filter(each => !each).length / reached.length,
      }
    }
  }
}

/** Root of the mean square distance of points to others, over all coordinates. */
export function rootMeanSquare(a: ArrayLike<number>, b: ArrayLike<number>, dimension: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return Math.sqrt((sum * dimension) / a.length)
}
