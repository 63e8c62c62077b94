import { type ColourScale, inkOn } from './colour-scale.ts'
import { escapeHtml, formatTick } from './format.ts'
import { type PlotOptions, round, svgDocument, textWidth } from './svg.ts'

/** Values over a grid of source and target times. */
export interface HeatMap {
  readonly title: string
  /** Edges of the cells along each time, rising. */
  readonly edges: { readonly s: readonly number[]; readonly t: readonly number[] }
  /** By the source's cell and the target's; `null` where there is none. */
  readonly values: readonly (readonly (number | null)[])[]
  /** What is at a cell, for those who point at it. */
  readonly describe: (i: number, j: number) => string
}

/** What a heat map is drawn with beside its values. */
export interface HeatMapOptions extends PlotOptions {
  readonly scale: ColourScale
}

/** Size of one map in CSS pixels; the text in its cells fits up to nine cells a side. */
export const heatMapSize = { width: 328, height: 390 }
const MARGIN = { left: 56, right: 10, top: 32 }
const SIDE = heatMapSize.width - MARGIN.left - MARGIN.right

/** A number in few characters: two digits, no zero before the point, powers of ten below a hundredth. */
export function compactNumber(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return '?'
  if (size === 0) return '0'
  if (size >= 1000 || size < 0.0095) return value.toExponential(0).replace('+', '')
  const digits = size >= 9.95 ? 0 : size >= 0.995 ? 1 : size >= 0.0995 ? 2 : 3
  return value.toFixed(digits).replace(/^(-?)0\./, '$1.')
}

const ticksOf = (edges: readonly number[]): number[] => {
  const [low, high] = [edges[0], edges.at(-1)!]
  return [0, 0.25, 0.5, 0.75, 1].filter(tick => tick >= low - 1e-9 && tick <= high + 1e-9)
}

/** One heat map as markup in a box of `heatMapSize`: source time across, target time upwards, its colour bar below. */
export function heatMapBody({ title, edges, values, describe }: HeatMap, scale: ColourScale): string {
  const along = (list: readonly number[]) => (time: number) =>
    (SIDE * (time - list[0])) / (list.at(-1)! - list[0])
  const x = (s: number) => MARGIN.left + along(edges.s)(s)
  const y = (t: number) => MARGIN.top + SIDE - along(edges.t)(t)
  const cells = values.flatMap((column, i) =>
    column.flatMap((value, j) => {
      if (value === null) return []
      const [left, right, bottom, top] = [x(edges.s[i]), x(edges.s[i + 1]), y(edges.t[j]), y(edges.t[j + 1])]
      const fill = scale.colour(value)
      const text = compactNumber(value)
      const fits = 0.92 * textWidth(text) <= right - left && bottom - top >= 14
      return [
        `<g><title>${escapeHtml(describe(i, j))}</title>` +
          `<rect x="${round(left)}" y="${round(top)}" width="${round(right - left)}" height="${round(bottom - top)}" fill="${fill}"/>` +
          (fits
            ? `<text x="${round((left + right) / 2)}" y="${round((top + bottom) / 2)}" dy=".35em" font-size="12" text-anchor="middle" fill="${inkOn(fill)}">${text}</text>`
            : '') +
          '</g>',
      ]
    }),
  )
  const bottom = MARGIN.top + SIDE
  const axes = [
    ...ticksOf(edges.s).map(tick => tickAt(x(tick), bottom, 'down', formatTick(tick))),
    ...ticksOf(edges.t).map(tick => tickAt(MARGIN.left, y(tick), 'left', formatTick(tick))),
    `<text x="${MARGIN.left + SIDE / 2}" y="${bottom + 33}" text-anchor="middle">source time s</text>`,
    `<text transform="translate(12,${MARGIN.top + SIDE / 2}) rotate(-90)" text-anchor="middle">target time t</text>`,
  ]
  return [
    `<text x="2" y="17" font-size="14" font-weight="600">${escapeHtml(title)}</text>`,
    `<rect x="${MARGIN.left}" y="${MARGIN.top}" width="${SIDE}" height="${SIDE}" fill="none" stroke="currentColor" stroke-opacity=".25"/>`,
    ...cells,
    ...axes,
    colourBar(scale, bottom + 46),
  ].join('')
}

function tickAt(x: number, y: number, side: 'down' | 'left', text: string): string {
  return side === 'down'
    ? `<path d="M${round(x)},${round(y)}v4" stroke="currentColor"/><text x="${round(x)}" y="${round(y) + 17}" text-anchor="middle">${text}</text>`
    : `<path d="M${round(x)},${round(y)}h-4" stroke="currentColor"/><text x="${round(x) - 7}" y="${round(y)}" dy=".35em" text-anchor="end">${text}</text>`
}

/** Steps of the bar: finer than the eye tells apart. */
const BAR_STEPS = 46
const BAR_HEIGHT = 10

function colourBar(scale: ColourScale, top: number): string {
  const [low, high] = scale.domain
  const valueAt = (part: number) =>
    scale.type === 'log' ? low * (high / low) ** part : low + part * (high - low)
  const width = SIDE / BAR_STEPS
  const steps = Array.from({ length: BAR_STEPS }, (_, i) => {
    const fill = scale.colour(valueAt((i + 0.5) / BAR_STEPS))
    return `<rect x="${round(MARGIN.left + i * width)}" y="${top}" width="${round(width + 0.4)}" height="${BAR_HEIGHT}" fill="${fill}"/>`
  })
  const ticks = scale.ticks.map(tick =>
    tickAt(MARGIN.left + SIDE * scale.place(tick), top + BAR_HEIGHT, 'down', barLabel(tick)),
  )
  return `<g aria-hidden="true">${steps.join('')}${ticks.join('')}</g>`
}

const barLabel = (value: number): string => {
  const size = Math.abs(value)
  return size > 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential().replace('+', '') : formatTick(value)
}

/** One heat map as a whole SVG, drawn at the size of a phone and scaled by the page. */
export function heatMap(map: HeatMap, options: HeatMapOptions): string {
  const { width, height } = heatMapSize
  return svgDocument(heatMapBody(map, options.scale), width, height, {
    ...options,
    title: options.title ?? map.title,
  })
}
