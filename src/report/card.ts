import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, findObjective, pointOf } from '../config/index.ts'
import { currentEvaluation } from '../evaluation/evaluate.ts'
import { adapterParameters, networkOf, parameterCount, sizeOfNetwork } from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import { trainedSteps } from '../serialization/checkpoint.ts'
import { knownCondition } from '../serialization/conditions.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readText } from '../serialization/read-file.ts'
import { paths, type RunRecord, readMetrics, readRecord } from '../serialization/run.ts'
import { noiseOf } from '../serialization/signature.ts'
import { verdictOf } from '../training/verdict.ts'
import { evaluationTable } from './evaluation.ts'
import { type ModelCardData, modelCard } from './model-card.ts'

/** The plot of samples that a report writes. */
export const SHEETS = 'samples.png'

/** The licence that a card on disk names, so that a card made anew keeps it. */
function writtenLicense(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const [, front] = /^---\n([\s\S]*?)\n---\n/.exec(readText(file)) ?? []
  try {
    const { license } = (front ? parse(front) : {}) as { license?: unknown }
    return typeof license === 'string' ? license : undefined
  } catch {
    return undefined
  }
}

export interface CardOptions {
  /** Name on the hub, such as `user/model`, which the card is then for. */
  readonly repository?: string
  /** Identifier of the model's licence, e.g. `mit`; default what the card on disk names. */
  readonly license?: string
  /** What to say of configuration and data in the place of the run's own record. */
  readonly record?: Pick<RunRecord, 'config' | 'data'>
}

/** Weights from elsewhere may come without a word of their data. */
function datasetOf(data: RunRecord['data']): ModelCardData['dataset'] {
  const { name, dimension, shape, space, text, source } = data
  const { sha256 } = data.fingerprint
  const points = {
    dimension,
    ...(shape?.length === 3 && { image: [shape[0], shape[1], shape[2]] as const }),
    ...(space !== undefined && { space }),
    ...(text && shape && { text: { ...text, length: shape[0] } }),
    ...(space !== undefined && !source && { noise: noiseOf(data) }),
  }
  return sha256 === ''
    ? { name: 'unknown data', ...points }
    : { name, ...points, fingerprint: `sha256:${sha256}` }
}

/** What trained of an adapted run. */
function adapterOf(config: Config, data: RunRecord['data']): ModelCardData['adapter'] {
  if (!config.adapter) return undefined
  const network = networkOf(config.network, pointOf(config, data))
  const parameters = sizeOfNetwork({ parameters: adapterParameters(network, config.adapter) })
  return { rank: config.adapter.rank, parameters, base: basename(config.initFrom ?? '') }
}

/** A run's model card, with its latest evaluation unless the run was trained further since. */
export function cardText(directory: string, { repository, license, record }: CardOptions = {}): string {
  const { config, data, oxbow } = { ...readRecord(directory), ...record }
  const { id, name, formula, paper } = findObjective(config.objective)
  const run = repository?.split('/')[1] ?? directory
  const measured = currentEvaluation(directory)
  const sheets = measured && data.shape?.length === 3 && existsSync(join(paths(directory).plots, SHEETS))
  return modelCard({
    name: basename(resolve(run)),
    run,
    repository,
    version: oxbow,
    license: license ?? writtenLicense(paths(directory).card),
    objective: { id, label: name, summary: formula, paper },
    dataset: datasetOf(data),
    ...(data.source && { source: data.source.name }),
    condition: knownCondition(config, data),
    ...(whyNoJumps(config.objective) && { takesNoise: true }),
    scales: guidanceRecord(config).applied === 'input' ? config.guidance.range : undefined,
    takenFrom: config.steps === 0 && config.initFrom ? basename(config.initFrom) : undefined,
    parameters: parameterCount(config, pointOf(config, data)),
    adapter: adapterOf(config, data),
    steps: trainedSteps(directory, config),
    seed: config.seeds.initialization,
    config,
    evaluation: measured && evaluationTable(measured),
    verdict: verdictOf(readMetrics(directory), config),
    ...(sheets && { sheets: `${basename(paths(directory).plots)}/${SHEETS}` }),
  })
}

/** Writes a run's `README.md`: a model card with its latest evaluation. */
export function writeCard(directory: string, options?: CardOptions): void {
  writeFileAtomic(directory, paths(directory).card, cardText(directory, options))
}
