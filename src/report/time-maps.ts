import type { LossMap } from '../evaluation/loss-map.ts'
import { type ColourScale, colourScale } from './colour-scale.ts'
import { formatCount, formatTick } from './format.ts'
import { compactNumber, type HeatMap } from './heat-map.ts'
import { linePlot } from './line-plot.ts'
import { seriesStyle } from './palette.ts'
import type { PlotOptions } from './svg.ts'
import type { Method, ResidualMap } from './types.ts'

/** Heat maps that belong together, all on one scale. */
export interface MapGroup {
  /** What they show, for a heading and a file name. */
  readonly name: string
  readonly maps: readonly { readonly map: HeatMap; readonly scale: ColourScale }[]
}

/** A loss over one time. */
export interface TimeCurve {
  readonly label: string
  /** Place in the order of methods or parts, which gives the colour. */
  readonly index: number
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

function onOneScale(name: string, maps: readonly HeatMap[]): MapGroup {
  const values = maps.flatMap(map => map.values.flat()).filter(value => value !== null)
  const scale = colourScale(values)
  return { name, maps: maps.map(map => ({ map, scale })) }
}

/** Edges halfway between values that lie equally far apart. */
function edgesAround(values: readonly number[]): number[] {
  const half = values.length > 1 ? (values[1] - values[0]) / 2 : 0.5
  return [values[0] - half, ...values.map(value => value + half)]
}

function residualHeatMap({ s, t, values }: ResidualMap, title: string): HeatMap {
  return {
    title,
    edges: { s: edgesAround(s), t: edgesAround(t) },
    values,
    describe: (i, j) => `s = ${formatTick(s[i])}, t = ${formatTick(t[j])}: ${values[i][j]!.toPrecision(3)}`,
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const alone = (methods: readonly Method[]): boolean =>
  methods.filter(({ diagnostics }) => diagnostics).length === 1

/** A group for each kind of residual; a map for each method that has one. */
export function residualGroups(methods: readonly Method[]): MapGroup[] {
  const names = [
    ...new Set(methods.flatMap(({ diagnostics }) => diagnostics?.residuals.map(({ name }) => name) ?? [])),
  ]
  return names.map(name =>
    onOneScale(
      `${capital(name)} ${name === 'semigroup' ? 'error' : 'residual'}`,
      methods.flatMap(({ label, diagnostics }) =>
        (diagnostics?.residuals ?? []).flatMap(residual =>
          residual.name === name ? [residualHeatMap(residual, alone(methods) ? capital(name) : label)] : [],
        ),
      ),
    ),
  )
}

function lossHeatMap({ edges, mean, count }: LossMap, title: string): HeatMap {
  const range = (i: number) => `${formatTick(edges[i])} to ${formatTick(edges[i + 1])}`
  return {
    title,
    edges: { s: edges, t: edges },
    values: mean,
    describe: (i, j) =>
      `s ${range(i)}, t ${range(j)}: ${mean[i][j]!.toPrecision(3)}, mean of ${formatCount(count[i][j])}`,
  }
}

/** The losses over pairs of times: a map for each part of a run, or for each part of each method. */
export function lossGroup(methods: readonly Method[]): MapGroup {
  const maps = methods.flatMap(({ label, diagnostics }) => {
    const pairs = (diagnostics?.losses ?? []).filter(({ times }) => times.length === 2)
    return pairs.map(loss => {
      const part = pairs.length > 1 || alone(methods) ? capital(loss.part) : ''
      return lossHeatMap(loss, alone(methods) ? part : [label, part].filter(Boolean).join(': '))
    })
  })
  return onOneScale('Loss by source and target time', maps)
}

/** The losses over one time. */
export function lossCurves(methods: readonly Method[]): TimeCurve[] {
  return methods.flatMap(({ label, diagnostics }, m) => {
    const singles = (diagnostics?.losses ?? []).filter(({ times }) => times.length === 1)
    return singles.map(({ part, times, edges, mean }, i) => {
      const named = `${part} at ${times[0]}`
      return {
        label: alone(methods) ? named : `${label}${singles.length > 1 ? `: ${part}` : ''}`,
        index: alone(methods) ? i : m,
        points: mean.flatMap(([value], k) =>
          value === null ? [] : [{ x: (edges[k] + edges[k + 1]) / 2, y: value }],
        ),
      }
    })
  })
}

/** Losses over one time as lines, each with a marker in the middle of every bin. */
export function lossTimePlot(curves: readonly TimeCurve[], options: PlotOptions = {}): string {
  return linePlot(
    curves.map(({ label, index, points }) => ({ label, style: seriesStyle(index), points })),
    {
      ...options,
      title: options.title ?? 'Loss by time',
      x: { type: 'linear', ticks: [0, 0.25, 0.5, 0.75, 1], label: 'time', domain: [0, 1] },
      yLabels: ['loss'],
      floor: null,
      markers: true,
    },
  )
}

/** The numbers of a heat map as rows of text, the largest target time first, for those who cannot see colours. */
export function numbersOf({ edges, values }: HeatMap): {
  readonly head: string[]
  readonly rows: string[][]
} {
  const middle = (list: readonly number[], i: number) => formatTick((list[i] + list[i + 1]) / 2)
  const targets = edges.t.slice(1).map((_, j) => j)
  return {
    head: ['t \\ s', ...edges.s.slice(1).map((_, i) => middle(edges.s, i))],
    rows: targets.reverse().map(j => [
      middle(edges.t, j),
      ...values.map(column => {
        const value = column[j]
        return value === null || value === undefined ? '' : compactNumber(value)
      }),
    ]),
  }
}
