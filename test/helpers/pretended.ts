import { type Jumps, type Objective, objectives } from '../../src/objective/index.ts'

/** Objectives that train few kinds of jumps, by the kind: `psd` under other names. */
export const PRETENDED = {
  'ends-at-data': 'to-data',
  'begins-at-noise': 'from-noise',
  'goes-both-ways': 'both-ways',
} as const satisfies Record<string, Jumps>

/** Adds the pretended rows to a catalogue. */
export function pretend(catalogue: ReadonlyMap<string, Objective> = objectives): void {
  for (const [id, jumps] of Object.entries(PRETENDED)) {
    const row = { ...catalogue.get('psd')!, id, jumps }
    ;(catalogue as Map<string, Objective>).set(id, row)
  }
}
