import { useMemo, useRef } from 'preact/hooks'
import { coefficientsAt } from '../../../../model/coefficients.ts'
import { interpolants } from '../../../../model/interpolants/table.ts'
import { drawNoise } from '../../../../sampler/sampler.ts'
import type { PlanePoints, Strays } from '../../../engine/protocol.ts'
import type { StudioState } from '../../../state.ts'
import { snap } from '../../draw/times.ts'
import { selected, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { hasClosedForm } from '../shared.tsx'

/** How the cloud at `s` is made. */
export type CloudSource = NonNullable<StudioState['jump']['source']>

/** Points that are carried along their paths: exact ones cost little, learnt ones run the network many times. */
const CARRIED = { exact: 1000, learnt: 400 }
/** Points that are data mixed with noise. */
const MIXED = 50_000

/** Times of a path that is kept, from noise to data. */
const TIMES = Array.from({ length: 101 }, (_, i) => snap(1 - i / 100))
const placeOf = (time: number): number => Math.round((1 - time) * 100)

/** Times of one point's path between two others. */
const between = (s: number, t: number): number[] =>
  Array.from({ length: 25 }, (_, i) => s + ((t - s) * i) / 24)

/** All that the view of one jump shows. */
export interface JumpData {
  readonly s: number
  readonly t: number
  readonly count: number
  /** Whether paths follow the exact velocity. */
  readonly exact: boolean
  /** The cloud at `s`; null until it is there. */
  readonly start: PlanePoints | null
  /** Where the map takes it. */
  readonly end: PlanePoints | null
  /** The cloud's paths from `s` to `t`, both included; null where only one point's path is known. */
  readonly paths: readonly PlanePoints[] | null
  /** What the cloud at `s` is mixed of, where that is shown instead of a jump. */
  readonly pairs: { readonly data: PlanePoints; readonly noise: PlanePoints } | null
  /** The point that is followed. */
  readonly followed: {
    readonly from: readonly [number, number]
    readonly jump: readonly [number, number]
    /** Where its path is at `t`. */
    readonly truth: readonly [number, number]
    /** From `s` to `t`. */
    readonly path: readonly (readonly [number, number])[]
    /** The whole path from noise to data, where it is known. */
    readonly whole: readonly (readonly [number, number])[]
  } | null
  /** Of the points at `t`, where that is 0 and the data are known. */
  readonly strays: Strays | null
  readonly fresh: boolean
  readonly error: string | null
}

/** A jump as it was asked for. */
interface Landed extends Pick<JumpData, 's' | 't' | 'start' | 'end' | 'pairs'> {
  readonly table: readonly PlanePoints[] | null
}

let lists = 0
const identities = new WeakMap<PlanePoints, number>()

/** A name of a list of points: the same list has the same. */
function identityOf(points: PlanePoints): number {
  if (!identities.has(points)) identities.set(points, ++lists)
  return identities.get(points)!
}

const pair = (points: PlanePoints, i: number): [number, number] => [points[2 * i], points[2 * i + 1]]

/** Data and noise mixed as the path is at `s`. */
function mix(data: PlanePoints, noise: PlanePoints, name: keyof typeof interpolants, s: number): PlanePoints {
  const { alpha, sigma } = coefficientsAt(interpolants[name], s)
  return noise.map((value, i) => alpha * data[i] + sigma * value)
}

/** What is drawn of one point, once all of it is known. */
function follow(
  { start, end, table }: Landed,
  point: number,
  paths: readonly PlanePoints[] | null,
  alone: readonly PlanePoints[] | null,
): JumpData['followed'] {
  const path = paths?.map(points => pair(points, point)) ?? alone?.map(points => pair(points, 0))
  if (!start || !end || !path || path.length === 0) return null
  return {
    from: pair(start, point),
    jump: pair(end, point),
    truth: path.at(-1)!,
    path,
    whole: table?.map(points => pair(points, point)) ?? [],
  }
}

export function useJump(source: CloudSource): JumpData {
  const plan = selected.value
  const { weights, jump } = state.value
  const [s, t] = [snap(jump.s), Math.min(snap(jump.s), snap(jump.t))]
  const form = JSON.stringify(plan.target)
  const exact = useMemo(() => hasClosedForm(plan.target), [form])
  const carried = source === 'carried'
  const count = carried ? CARRIED[exact ? 'exact' : 'learnt'] : MIXED
  const noise = useMemo(() => drawNoise(count, 2, plan.seed), [count, plan.seed])
  const wholeKey = `${form} ${plan.seed} ${count} ${exact || weights}`
  const whole = useAnswer(
    'path',
    wholeKey,
    carried ? { points: noise, times: TIMES, weights } : null,
    exact ? 'target' : 'training',
  )
  const dataKey = `${form} ${MIXED} ${plan.seed}`
  const data = useAnswer('target', dataKey, carried ? null : { count: MIXED, seed: plan.seed }, 'target')
  const table = carried && whole.key === `path ${wholeKey}` ? (whole.answer?.points ?? null) : null
  const drawn = !carried && data.key === `target ${dataKey}` ? data.answer : null
  const jumps = source !== 'pairs'
  const pairs = useMemo(() => (jumps || !drawn ? null : { data: drawn, noise }), [jumps, drawn, noise])
  const start = useMemo(() => {
    if (table) return table[placeOf(s)]
    return drawn ? mix(drawn, noise, plan.interpolant, s) : null
  }, [table, drawn, noise, plan.interpolant, s])
  const key = start && `${identityOf(start)} ${s} ${t} ${weights}`
  const landed = useAnswer('jump', key ?? '', jumps ? start && { points: start, s, t, weights } : null)
  // A jump is shown with the cloud that it was asked for, until the next is there as a whole.
  const shown = useRef<Landed | null>(null)
  if (!jumps) shown.current = null
  else if (start && landed.answer && landed.key === `jump ${key}`) {
    shown.current = { s, t, start, end: landed.answer, table, pairs }
  }
  const there: Landed = shown.current ?? { s, t, start, end: null, table, pairs }

  const lands = there.end !== null && there.t === 0
  const strayKey = lands ? String(identityOf(there.end!)) : ''
  const strays = useAnswer('strays', strayKey, lands ? { points: there.end! } : null, 'target')
  const point = jump.point !== null && jump.point < count ? jump.point : null
  const aloneKey = `${there.start && identityOf(there.start)} ${point} ${there.s} ${there.t} ${exact || weights}`
  const alone = useAnswer(
    'path',
    aloneKey,
    !carried && there.end && point !== null
      ? { points: there.start!.slice(2 * point, 2 * point + 2), times: between(there.s, there.t), weights }
      : null,
    exact ? 'target' : 'training',
  )
  const paths = useMemo(
    () => there.table?.slice(placeOf(there.s), placeOf(there.t) + 1) ?? null,
    [there.table, there.s, there.t],
  )
  const own = alone.key === `path ${aloneKey}` ? (alone.answer?.points ?? null) : null
  const followed = point === null ? null : follow(there, point, paths, own)
  return {
    ...there,
    count,
    exact,
    paths,
    followed,
    strays: lands && strays.key === `strays ${strayKey}` ? strays.answer : null,
    fresh: jumps
      ? landed.fresh && (carried ? whole.fresh : data.fresh && (point === null || alone.fresh))
      : data.fresh,
    error: whole.error ?? data.error ?? landed.error ?? alone.error,
  }
}
