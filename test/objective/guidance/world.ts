import type { Tensor, Value } from '../../../src/autodiff/index.ts'
import { type GuidedFlow, twoClasses } from '../../../src/model/exact-guided.ts'
import { interpolants, type Mixture } from '../../../src/model/index.ts'
import { type Draw, guidedDraw, type Loss } from '../../../src/objective/index.ts'
import { valuesOf } from '../../autodiff/values.ts'
import { hermite, meanOver, posterior } from '../posterior.ts'
import { batch, drawOf, inputsOf, other, residuals, withoutSites } from '../setting.ts'

/** Two classes in the plane, `N(a, sigma^2 I)` and `N(-a, sigma^2 I)`, as often. */
export const CLASSES = { a: [0.9, -0.4], sigma: 0.5 } as const
export const SIGNS = [1, -1] as const

/** The data of one class alone. */
export const classOf = (sign: number): Mixture => ({
  components: [{ weight: 1, mean: CLASSES.a.map(v => sign * v), scales: [CLASSES.sigma, CLASSES.sigma] }],
})

/** The same number for every sample. */
export const all = (like: Tensor, value: number): Tensor => like.mul(0).add(value)

/** The guided flow of a class at the samples of a draw. */
export const flowOf = (sign: number, { s }: Pick<Draw, 's'>): GuidedFlow => twoClasses(CLASSES, all(s, sign))

/** A scale of its own for every sample, 1.3 to 2.8. */
export const scaleOf = ({ r }: Pick<Draw, 'r'>): Tensor => r.mul(2).add(1)

export type Guidance = Parameters<typeof guidedDraw>[1]

/** The rule of a batch of one class, whose velocities are all exact: the map's those of the guided flow. */
export function exactGuidance(
  sign: number,
  rule: Guidance['rule'],
  change: (draw: Draw) => Partial<Guidance> = () => ({}),
): (draw: Draw) => Guidance {
  return draw => {
    const flow = flowOf(sign, draw)
    const [told, untold] = [1, 0].map(w => flow.guided(all(draw.s, w)))
    return {
      rule,
      keys: { omega: 1, kappa: 0 },
      interval: [0, 1],
      scale: scaleOf(draw),
      isTold: all(draw.s, 1),
      ofData: true,
      map: w => flow.guided(w),
      untold,
      teacher: { told, untold },
      ...change(draw),
    }
  }
}

/** A formula on guided draws, where the map is the one that the guidance takes as such. */
export const under =
  (guidance: (draw: Draw) => Guidance, loss: Loss): Loss =>
  draw => {
    const given = guidance(draw)
    const map = given.map(given.scale)
    return loss(guidedDraw({ ...draw, map, target: map, frozen: map }, given))
  }

const nodesOf = (sign: number) =>
  posterior({ mixture: classOf(sign), interpolant: interpolants.linear }, batch, 's', hermite)

/** The residual of each sample in the mean over the data and noise that its point may come from, given its class. */
export function meanResidual(sign: number, loss: Loss): Value {
  const { batch: nodes, weights } = nodesOf(sign)
  const [found] = withoutSites(() => residuals(loss, { map: other(1) }, nodes))
  return meanOver(found, weights, batch.s.data.length)
}

/** A vector of each sample of a guided draw in that mean. */
export function meanOf(sign: number, guidance: (draw: Draw) => Guidance, at: (draw: Draw) => Tensor): Value {
  const { batch: nodes, weights } = nodesOf(sign)
  const [found] = valuesOf(
    (...inputs) => {
      const draw = drawOf({ map: other(1) }, inputs)
      return at(guidedDraw(draw, guidance(draw)))
    },
    ...inputsOf(nodes),
  )
  return meanOver(found, weights, batch.s.data.length)
}

/** A vector of each sample of the batch, which no data or noise belongs to. */
export const at = (value: (draw: Draw) => Tensor): Value =>
  valuesOf((...inputs) => value(drawOf({ map: other(1) }, inputs)), ...inputsOf(batch))[0]

/** The largest difference of two arrays. */
export const apart = (a: Value, b: Value): number =>
  a.data.reduce((top, v, i) => Math.max(top, Math.abs(v - b.data[i])), 0)
