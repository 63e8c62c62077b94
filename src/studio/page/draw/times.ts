/** The two times of a jump, `t <= s`, on a grid of hundredths. */
export interface TimePair {
  readonly s: number
  readonly t: number
}

export const TIME_STEP = 0.01
/** With the shift key. */
const LARGE_STEP = 0.1

export const snap = (time: number): number => Math.round(Math.min(1, Math.max(0, time)) * 100) / 100

/** The nearest pair of times to a place, which may lie outside of the triangle. */
export function timesNear(s: number, t: number): TimePair {
  const middle = (s + t) / 2
  return t > s ? { s: snap(middle), t: snap(middle) } : { s: snap(s), t: snap(t) }
}

/** One time of a jump set: it stops where the other is. */
export const withS = ({ t }: TimePair, s: number): TimePair => ({ s: Math.max(t, snap(s)), t })
export const withT = ({ s }: TimePair, t: number): TimePair => ({ s, t: Math.min(s, snap(t)) })

/** What a key does to the times: left and right move `s`, up and down `t`; `null` for any other key. */
export function moveTimes(times: TimePair, key: string, large: boolean): TimePair | null {
  const step = large ? LARGE_STEP : TIME_STEP
  switch (key) {
    case 'ArrowLeft':
      return withS(times, times.s - step)
    case 'ArrowRight':
      return withS(times, times.s + step)
    case 'ArrowUp':
      return withT(times, times.t + step)
    case 'ArrowDown':
      return withT(times, times.t - step)
    case 'Home':
      return { s: 1, t: 0 }
    default:
      return null
  }
}
