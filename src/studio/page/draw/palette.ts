import { stray } from '../../../report/palette.ts'
import type { Colour } from './cloud.ts'
import type { FlightColours } from './flight.ts'

/** Colours of pictures that are without the page's style, which has the same: on white, and on a dark ground. */
export const palettes = {
  light: {
    still: '#5c6670',
    stray: stray.colour,
    runs: ['#0072b2', '#b94e00', '#1f7a64', '#a31fc9'],
  },
  dark: {
    still: '#9aa5ae',
    stray: stray.dark,
    runs: ['#4aa8e8', '#ff8c3a', '#16cba0', '#dd8cf5'],
  },
} as const

/** A colour such as `#0072b2`. */
function colour(hex: string, opacity: number): Colour {
  const [red, green, blue] = [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
  return [red, green, blue, opacity]
}

/** Of the flight of the run at a place. */
export function flightColours(theme: keyof typeof palettes, at: number): FlightColours {
  const { still, stray, runs } = palettes[theme]
  return { still: colour(still, 0.45), flying: colour(runs[at], 0.65), stray: colour(stray, 0.95) }
}
