import type { Config } from '../config/index.ts'
import type { PresentValues } from '../config/scheduled-values.ts'
import {
  criticAccuracy,
  dmd,
  fakeScore,
  fisherDistance,
  ganCritic,
  ganMap,
  type Part,
} from '../objective/index.ts'
import type { InputName } from './guides.ts'
import { conditionsOf, type Term, type TermName } from './terms.ts'

/** What is added to an objective: a loss of the map, and the turns of the player that it needs. */
export interface Added {
  readonly term: Term
  readonly player: string
  /** Updates of the player in a round. */
  readonly times: number
  readonly turn: Term
}

/** Updates of a fake score in a round. Yin et al. 2024 (DMD2), arXiv:2405.14867. */
const FAKE_TURNS = 5

interface Parts {
  readonly name: TermName
  readonly draws: readonly InputName[]
  readonly map: (present: PresentValues) => Part
  readonly player: Part
  readonly times: number
}

/** What a run adds to its objective, in the order of its players. */
export function addedTo(config: Config): Added[] {
  const { adversarial, matching, batch, players } = config
  const weightOf = (name: 'adversarial' | 'matching', present: PresentValues) =>
    present[`${name}.weight`] ?? config[name]!.weight
  const all: Parts[] = []
  if (adversarial) {
    all.push({
      name: 'adversarial',
      draws: ['x0', 'eps', 'noise', 'r', 'noise2', 'r2'],
      map: present => ({
        name: 'adversarial',
        loss: ganMap(adversarial.loss),
        plain: true,
        weight: weightOf('adversarial', present),
      }),
      player: {
        name: 'critic',
        loss: ganCritic(adversarial.loss, adversarial.r1),
        plain: true,
        measures: { criticAccuracy: criticAccuracy },
      },
      times: 1,
    })
  }
  if (matching) {
    all.push({
      name: 'matching',
      draws: ['eps', 'noise', 'r'],
      map: present => ({
        name: 'matching',
        loss: dmd(matching.scale),
        plain: true,
        weight: weightOf('matching', present),
        measures: { scoreDistance: fisherDistance },
      }),
      player: { name: 'fake', loss: fakeScore, plain: true },
      times: FAKE_TURNS,
    })
  }
  return all.map(({ name, draws, map, player, times }) => {
    const term = (parts: Term['parts']): Term => ({
      name,
      parts,
      weight: 1,
      rows: batch,
      inputs: [...draws, ...conditionsOf(config), 's'],
    })
    return {
      term: term(present => [map(present)]),
      player: player.name,
      times: players[player.name]?.times ?? times,
      turn: term(() => [player]),
    }
  })
}
