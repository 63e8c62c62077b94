import type { CommonKeys } from './network.ts'

/** Which of some keys differ between a trained network and one that begins with it, in words; empty where none does. */
export const differenceOf = <K extends object>(from: K, to: K, keys: readonly (keyof K & string)[]): string =>
  keys
    .filter(key => from[key] !== to[key])
    .map(key => `network.${key} is ${JSON.stringify(from[key])} there and ${JSON.stringify(to[key])} here`)
    .join(', ')

/** Whether a run that begins with a network shows it the same times: a velocity becomes a map where one is trained. */
export const keepsTimes = (
  { conditioning }: Pick<CommonKeys, 'conditioning'>,
  { conditioning: asked }: Partial<CommonKeys>,
  map: boolean,
): boolean => (asked === undefined ? !(conditioning === 's' && map) : asked === conditioning)
