import { powerExponent, powerWeight } from '../model/index.ts'
import type { Config } from './schema.ts'
import { POWER } from './weights-name.ts'

/** An average of parameters that a training keeps. */
export interface Average {
  /** What `target` and `--weights` call it. */
  readonly name: string
  /** Its vector among those of a player. */
  readonly vector: string
  /** Whether every player has it, or the map alone. */
  readonly everyone: boolean
  /** Of the new parameters in it after an update, counted from 1. */
  readonly weight: number | ((update: number) => number)
}

/** The vector of the average that samples. */
export const AVERAGE = 'average'

/** The vector of a power-law average of some relative width. */
export const powerVector = (width: number): string => `power_${String(width).replace('.', '_')}`

/** The averages of a configuration. */
export function averagesOf({ ema, averages, powerAverages }: Config): Average[] {
  return [
    ...(ema > 0 ? [{ name: 'ema', vector: AVERAGE, everyone: true, weight: 1 - ema }] : []),
    ...Object.entries(averages).map(([name, decay]) => ({
      name,
      vector: `${AVERAGE}_${name}`,
      everyone: false,
      weight: 1 - decay,
    })),
    ...powerAverages.map(width => {
      const exponent = powerExponent(width)
      return {
        name: `${POWER}${width}`,
        vector: powerVector(width),
        everyone: false,
        weight: (update: number) => powerWeight(exponent, update),
      }
    }),
  ]
}
