import { isBatchwise } from '../../config/batchwise-checks.ts'
import { isSolved } from '../../config/coupling.ts'
import { type Config, ConfigError, findObjective } from '../../config/index.ts'
import { memoriesOf } from '../memories.ts'
import type { TurnPlan } from '../turns.ts'

type Round = readonly Pick<TurnPlan, 'terms'>[]

/** Why the step of a training cannot be divided between processes; nothing where it can. */
function whyNot(config: Config, turns: Round, parts: number): string | undefined {
  const { objective: id, coupling, powerAverages, adversarial, matching, times } = config
  const objective = findObjective(id)
  const added = adversarial ? 'adversarial' : 'matching'
  if (turns.length > 1) {
    return adversarial || matching
      ? `${added}: its network is trained in alternation with the map, each on its own batch, but the exported step has one update; use null`
      : `objective: ${id} trains its networks in alternation, each on its own batch, but the exported step has one update; use oxbow train`
  }
  if (memoriesOf(config).length > 0) {
    return `objective: ${id} keeps samples of earlier steps, and each process would keep different ones; use oxbow train`
  }
  if (isSolved(coupling)) {
    return `coupling.kind: ${coupling.kind} draws from trajectories stored in the run; use oxbow train, or the kind independent or ot`
  }
  if (powerAverages.length > 0) {
    return 'powerAverages: only oxbow train writes snapshots during training; use none'
  }
  if (parts === 1) return undefined
  if (isBatchwise(objective, config)) {
    return `objective: ${id} compares the samples of a batch with each other, so its batch cannot be divided; use 1 part`
  }
  for (const { name, rows } of turns[0].terms) {
    if (rows % (parts * times.group) === 0) continue
    const groups = times.group > 1 ? ` in whole groups of ${times.group}` : ''
    return `batch: ${rows} samples of a batch train the term ${name}, which ${parts} parts cannot share equally${groups}; change batch, diagonal.fraction or the number of parts`
  }
}

/** @throws ConfigError saying why a step cannot be divided into parts */
export function checkSplits(config: Config, turns: Round, parts: number): void {
  const reason = whyNot(config, turns, parts)
  if (reason) throw new ConfigError(reason)
}
