import { existsSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { checkpointSteps } from '../training/checkpoint.ts'
import { findObjective } from '../training/config.ts'
import type { Evaluation } from '../training/evaluate.ts'
import { writeFileAtomic } from '../training/files.ts'
import { mlpOptions, parameterCount } from '../training/networks.ts'
import { paths, readRecord } from '../training/run.ts'
import { evaluationTable } from './evaluation.ts'
import { modelCard } from './model-card.ts'

function readEvaluation(file: string): Evaluation | undefined {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Evaluation
  } catch {
    return undefined
  }
}

/** Writes a run's `README.md`: a model card with its latest evaluation. */
export function writeCard(directory: string): void {
  const { config, data, oxbow } = readRecord(directory)
  const { card, evaluation } = paths(directory)
  const { id, name, formula, paper } = findObjective(config.objective)
  const measured = readEvaluation(evaluation)
  const text = modelCard({
    name: basename(resolve(directory)),
    run: directory,
    version: oxbow,
    objective: { id, label: name, summary: formula, paper },
    dataset: { name: data.name, dimension: data.dimension, fingerprint: `sha256:${data.fingerprint.sha256}` },
    parameters: parameterCount(mlpOptions(config, data.dimension)),
    steps: checkpointSteps(directory).at(-1) ?? 0,
    seed: config.seeds.initialization,
    config,
    evaluation: measured && evaluationTable(measured),
  })
  writeFileAtomic(directory, card, text)
}
