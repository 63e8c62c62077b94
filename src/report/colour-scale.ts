import * as Plot from '@observablehq/plot'
import { isLevel, linearTicks, logTicks } from './axes.ts'

/** Colours of values: equal ratios (or differences) look equally far apart, also without red-green vision. */
export interface ColourScale {
  readonly type: 'log' | 'linear'
  readonly domain: readonly [number, number]
  readonly ticks: readonly number[]
  /** Of a value, kept within the domain. */
  readonly colour: (value: number) => string
  /** Part of the domain below a value, 0 to 1. */
  readonly place: (value: number) => number
}

/** Most decades on one scale: what is smaller has the colour of the smallest. */
const DECADES = 6

/**
 * A scale that holds all of `values`, logarithmic where all are positive. The colours are viridis, by van der Walt and
 * Smith (2015): uniform to the eye, rising in lightness, safe for the colour-blind and in grey.
 */
export function colourScale(values: readonly number[]): ColourScale {
  const finite = values.filter(Number.isFinite)
  const positive = finite.filter(value => value > 0)
  const negative = finite.some(value => value < 0)
  const type = positive.length > 0 && !negative ? 'log' : 'linear'
  const [low, high] = ends(type === 'log' ? positive : finite, type)
  const place = (value: number): number => {
    const kept = Math.min(Math.max(value, low), high)
    return type === 'log' ? Math.log(kept / low) / Math.log(high / low) : (kept - low) / (high - low)
  }
  const { apply } = Plot.scale({ color: { type: 'linear', scheme: 'viridis', domain: [0, 1] } })!
  return {
    type,
    domain: [low, high],
    ticks: type === 'log' ? barTicks(low, high) : linearTicks(low, high),
    colour: value => apply(place(value)) as string,
    place,
  }
}

function ends(values: readonly number[], type: 'log' | 'linear'): [number, number] {
  if (values.length === 0) return [0, 1]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (type === 'log') {
    const least = Math.max(low, high / 10 ** DECADES)
    return isLevel(least, high) ? [Math.max(least / 2, Number.MIN_VALUE), high * 2] : [least, high]
  }
  const margin = Math.max(0.5, Math.abs(high) / 2)
  return isLevel(low, high) ? [low - margin, high + margin] : [low, high]
}

/** At most five ticks for a short bar: powers of ten where there are enough. */
function barTicks(low: number, high: number): number[] {
  const ticks = logTicks(low, high)
  const stride = Math.ceil(ticks.length / 5)
  return ticks.filter((_, i) => i % stride === 0)
}

/** Black or white, whichever stands out more from a colour (`rgb(...)`); at least 4.5:1. WCAG 2.2, contrast ratio. */
export function inkOn(colour: string): '#000' | '#fff' {
  const parts = colour.startsWith('#')
    ? [1, 3, 5].map(i => Number.parseInt(colour.slice(i, i + 2), 16))
    : colour.match(/\d+/g)!.slice(0, 3).map(Number)
  const [r, g, b] = parts.map(part => {
    const c = part / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return luminance > 0.179 ? '#000' : '#fff'
}
