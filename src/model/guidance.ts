import { constant, select, type Tensor } from '../autodiff/index.ts'

/**
 * `v_w = v_0 + w (v_c - v_0)`: 1 is no guidance, 0 is without condition. Ho & Salimans 2022, arXiv:2207.12598; with a weaker
 * model in place of `v_0`, Karras et al. 2024 (autoguidance), arXiv:2406.02507.
 */
export const extrapolate = (without: Tensor, told: Tensor, w: Tensor): Tensor =>
  without.add(w.mul(told.sub(without)))

/** What a network is shown of a scale: nothing, `1/w` or `1 - 1/w`. Both are bounded, and `w` is not. */
export type ScaleInput = 'none' | 'inverse' | 'complement'

export const scaleInputs = ['none', 'inverse', 'complement'] as const satisfies readonly ScaleInput[]

/** What a network is shown of scales `[B, 1]`. */
export function shownScale(w: Tensor, shown: Exclude<ScaleInput, 'none'>): Tensor {
  const inverse = w.pow(-1)
  return shown === 'inverse' ? inverse : inverse.neg().add(1)
}

/** Source times in which guidance acts. Kynkaanniemi et al. 2024, arXiv:2404.07724. */
export type Interval = readonly [low: number, high: number]

/** The same of each sample, shaped as times are. */
export type Intervals = readonly [low: Tensor, high: Tensor]

const isOne = (ends: Interval | Intervals): ends is Interval => typeof ends[0] === 'number'

/** 1 where `low <= s <= high` and 0 elsewhere, of the shape of `s`. */
export function isInside(s: Tensor, ends: Interval | Intervals): Tensor {
  if (isOne(ends) && ends[0] <= 0 && ends[1] >= 1) return s.mul(0).add(1)
  const [low, high] = isOne(ends) ? ends.map(end => constant(end, [], s.dtype)) : ends
  const flag = (holds: Tensor): Tensor => select(holds, constant(1, [], s.dtype), constant(0, [], s.dtype))
  return flag(low.lessEqual(s)).mul(flag(s.lessEqual(high)))
}
