import { interpolants } from '../model/index.ts'
import type { Check } from './check.ts'
import { playersOfRow } from './round.ts'
import type { Config } from './schema.ts'

/** What both need: samples from noise that are made noisy along the linear path. */
const common: readonly Check[] = [
  ({ interpolant }) =>
    interpolants[interpolant] !== interpolants.linear &&
    `makes samples noisy along the linear path; use interpolant: linear, found ${interpolant}`,
  (_, { id, parts, jumps }) =>
    (parts === null || jumps === 'to-data') &&
    `acts on the map's jump from noise to data, which ${id} does not train; use an objective with jumps between any times, such as psd`,
  ({ network: { divergenceHead = 0 } }) =>
    divergenceHead !== 0 &&
    'moves what comes out of the map, which its divergence head would not follow; use one of the two',
  ({ sourceNoise, source }) =>
    (source !== null || sourceNoise > 0) &&
    'starts from standard normal noise, but this run starts from a source; remove one of the two',
  ({ optimizer: { accumulate } }) =>
    accumulate > 1 &&
    `is trained in alternation, with one batch per update; use optimizer.accumulate 1, found ${accumulate}`,
]

const adversarial: readonly Check[] = [
  ...common,
  ({ options }, row) =>
    playersOfRow(row, options).some(({ name }) => name === 'critic') &&
    `${row.id} already has a critic; remove this key`,
  ({ coupling: { kind } }) =>
    kind !== 'independent' &&
    kind !== 'ot' &&
    `compares samples with data, of which coupling.kind ${kind} draws none; use independent`,
]

const matching: readonly Check[] = [
  ...common,
  ({ options }, row) =>
    playersOfRow(row, options).some(({ name }) => name === 'fake') &&
    `${row.id} already has a fake score; remove this key`,
]

const named =
  (key: 'adversarial' | 'matching', checks: readonly Check[]): Check =>
  (config: Config, ...of) => {
    if (config[key] === null) return false
    for (const check of checks) {
      const problem = check(config, ...of)
      if (problem) return `${key}: ${problem}`
    }
    return false
  }

/** Where a critic or a fake score beside an objective has nothing to do. */
export const addedChecks: readonly Check[] = [named('adversarial', adversarial), named('matching', matching)]
