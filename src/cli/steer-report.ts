import { formatNumber, plural } from '../report/format.ts'
import type { SteerResult } from '../steering/steer.ts'

/** Distances to the exact law, by metric. */
export type Distances = Readonly<
  Record<string, { readonly before: number; readonly after: number; readonly floor: number }>
>

const NAMES: Readonly<Record<string, string>> = {
  slicedWasserstein: 'sliced Wasserstein to the exact law',
  energyDistance: 'energy distance to the exact law',
}

/** What became of a steering, in lines. */
export function steeringLines(
  found: {
    readonly file: string
    readonly method: string
    readonly kernel?: string
    readonly lookAhead?: string
    readonly steps: number
    readonly meanReward: { readonly before: number; readonly after: number; readonly target?: number }
    readonly target: { readonly logZ: number } | null
    readonly why?: string
    readonly logEvidence?: number
    readonly evidenceBound?: number
    readonly metrics?: Distances
  },
  { logZ, logZError = 0, ancestors, ess, resampled, distinct, evaluations, acceptance }: SteerResult,
  count: number,
): string[] {
  const number = (value: number) => formatNumber(value, 3)
  const {
    method,
    kernel,
    lookAhead,
    steps,
    meanReward,
    target,
    why,
    metrics = {},
    logEvidence,
    evidenceBound,
  } = found
  const how =
    method === 'particles'
      ? `particles, kernel ${kernel}${kernel === 'noise' ? '' : `, look-ahead ${lookAhead}`}`
      : method === 'guided'
        ? `guided flow, look-ahead ${lookAhead}`
        : method === 'adapter'
          ? 'noise adapter'
          : method
  const error = Number.isFinite(logZError)
    ? number(logZError)
    : 'unknown, too few first particles are left to tell'
  const per = (total: number) => formatNumber(total / count, 1)
  const exact = meanReward.target === undefined ? '' : `, exact ${number(meanReward.target)}`
  return [
    `${found.file}: ${plural(count, 'sample')}, ${how}, ${plural(steps, 'step')}`,
    `mean reward: ${number(meanReward.before)} before, ${number(meanReward.after)} after${exact}`,
    ...Object.entries(metrics).map(
      ([name, { before, after, floor }]) =>
        `${NAMES[name]}: ${number(before)} before, ${number(after)} after, exact samples ${number(floor)}`,
    ),
    ...(logZ === undefined
      ? []
      : [`log Z: ${number(logZ)} +- ${error}${target ? `, exact ${number(target.logZ)}` : ''}`]),
    ...(logEvidence === undefined ? [] : [`log evidence: ${number(logEvidence)} +- ${error}`]),
    ...(evidenceBound === undefined ? [] : [`log evidence: at least ${number(evidenceBound)}`]),
    ...(ess.length > 0
      ? [
          `effective samples: ${ess.map(share => `${Math.round(100 * share)}%`).join(' ')}${method === 'adapter' ? " of the map's own posterior" : `; resampled ${plural(resampled, 'time')} on the way`}`,
        ]
      : []),
    `distinct: ${formatNumber(100 * distinct, 1)} %${ancestors === undefined ? '' : `, from ${formatNumber(100 * ancestors, 1)} % of the first particles`}${acceptance === null ? '' : `; moves accepted: ${formatNumber(100 * acceptance, 1)} %`}`,
    `cost of a sample: ${per(evaluations.forward)} forward, ${per(evaluations.backward)} backward, ${per(evaluations.reward)} rewards`,
    ...(why ? [`no exact law to compare with: ${why}`] : []),
  ]
}
