import type { Tensor } from '../../autodiff/index.ts'
import { flat } from '../space.ts'
import { axis, type CurvedSpace, curved } from './curved.ts'

const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)

/** `R^n` with its geometry, as a part of a product: squares are summed, as they are in the other parts. */
export const flatPart: CurvedSpace = curved({
  features: x => x,
  seen: coordinates => coordinates,
  outputs: coordinates => coordinates,
  inner,
  velocity: (_, output) => output,
  pointOutputs: coordinates => coordinates,
  towards: (x, output) => output.sub(x),
  tangent: (_, vector) => vector,
  exp: (x, u) => x.add(u),
  log: (x, y) => y.sub(x),
  transverse: (_, _u, v) => v,
  transport: (_, _y, u) => u,
  frame: x => Array.from({ length: x.shape[1] }, (_, k) => axis(x, k)),
  logNoise: x =>
    inner(x, x)
      .add(x.shape[1] * Math.log(2 * Math.PI))
      .div(-2),
  spread: (u, s) => ({
    logJacobian: s.log().mul(-u.shape[1]),
    isReached: s.mul(0).less(1),
  }),
  distance: (x, y) => inner(x.sub(y), x.sub(y)).sqrt(),
  noise: flat.noise,
})
