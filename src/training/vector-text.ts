import { AVERAGE } from '../config/averages.ts'
import { MAP } from './networks.ts'
import { GRADIENT } from './players.ts'

const VECTORS: Readonly<Record<string, string>> = {
  parameters: 'the parameters',
  first: "the optimiser's first moments",
  second: "the optimiser's second moments",
  [AVERAGE]: 'the averaged parameters',
  [GRADIENT]: 'the gathered gradients',
}

/** What a vector of the state is, in words. */
export function vectorText(name: string): string {
  const [player, vector] = name.split('.')
  const text = VECTORS[vector] ?? `the average ${vector}`
  return `${text}${player === MAP ? '' : ` of ${player}`}`
}
