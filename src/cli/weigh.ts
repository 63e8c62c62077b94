import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Weights } from '../config/weights-name.ts'
import { csvPieces } from '../data/csv-writer.ts'
import { temperedLogWeights } from '../density/importance.ts'
import { type Weighed, type WeighRecord, weighModel } from '../evaluation/weigh.ts'
import { conditionKinds } from '../model/index.ts'
import { plural } from '../report/format.ts'
import { numberText, shapeText, shareText, tailText, targetText, wayText } from '../report/importance.ts'
import { weightPlot } from '../report/weight-plot.ts'
import { openRuntime } from '../runtime/node.ts'
import type { MethodName } from '../sampler/names.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { knownCondition } from '../serialization/conditions.ts'
import { readModel } from '../serialization/model-files.ts'
import { paths, RunError } from '../serialization/run.ts'
import type { TargetConfig } from '../serialization/target.ts'
import { type ConditionFlags, chosenBy } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import { checkFlow } from './flow-flags.ts'
import { writeOutput } from './output-file.ts'
import { note, printJson } from './terminal.ts'

interface WeighFlags extends ConditionFlags {
  readonly energy: TargetConfig
  readonly steps?: number
  readonly grid?: readonly number[]
  readonly count: number
  readonly targetCount: number
  readonly seed: number
  readonly weights: Weights
  readonly method?: MethodName
  readonly density: 'jump' | 'flow'
  readonly out?: string
  readonly samples?: string
  readonly temper: number
  readonly json?: boolean
}

/** Beside the model, where no other file is named. */
function defaultFile(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) throw new RunError(`${path}: no such run or model`)
  return paths(stats.isDirectory() ? path : dirname(path)).importance
}

/** What the weights in a file are to; nothing where it holds none. */
function energyIn(file: string): string | undefined {
  try {
    const { energy } = JSON.parse(readFileSync(file, 'utf8')) as { energy?: unknown }
    return typeof energy === 'string' ? energy : undefined
  } catch {
    return undefined
  }
}

/** What the samples were told, as the user said it. */
const toldIn = (flags: ConditionFlags): ConditionFlags =>
  Object.fromEntries(conditionKinds.flatMap(kind => (flags[kind] === undefined ? [] : [[kind, flags[kind]]])))

function lines(path: string, record: WeighRecord & ConditionFlags): string[] {
  const told = Object.entries(toldIn(record))
    .map(([kind, value]) => ` of ${kind} ${value}`)
    .join('')
  const { count, known, clipped, target, means } = record
  const truth = known === null ? '' : `; known: ${numberText(known)}`
  const fromTarget = target
    ? `${shareText(record.effectiveShareFromTarget)} (${targetText(record)})`
    : targetText(record)
  return [
    `${path}: ${plural(count, 'sample')}${told} ${wayText(record)}, weighed to ${record.energy}`,
    `log Z: ${numberText(record.logNormalizer)} ± ${numberText(record.error)}${truth}`,
    `effective samples, by the run's own: ${shareText(record.effectiveShare)}`,
    `effective samples, by the target's: ${fromTarget}`,
    `with the largest ${100 * clipped.part} % of the weights lowered: ${shareText(clipped.effectiveShare)}, log Z ${numberText(clipped.logNormalizer)}`,
    `tail of the weights: Pareto k ${shapeText(record)} (${tailText(record)})`,
    `divergence from the target: ${numberText(record.divergence)} nats`,
    `folded: ${shareText(record.folded)} of the samples`,
    ...Object.entries(means).map(([name, { value, error, known }]) => {
      const truth = known === null ? '' : `; known: ${numberText(known, 4)}`
      return `mean of ${name}: ${numberText(value, 4)} ± ${numberText(error, 4)}${truth}`
    }),
    `cost of a sample: ${plural(record.evaluations, 'evaluation')} of the network, a derivative counted as one`,
  ]
}

/** Writes samples with a column of the logarithms of their weights, tempered to a share of effective ones. */
function writeSamples(
  file: string,
  { points, logWeights }: Weighed,
  share: number,
): { readonly file: string; readonly part: number } {
  const { logWeights: tempered, part } = temperedLogWeights(logWeights, share)
  // A column of a file holds finite numbers: nothing is drawn of what is e^-700 times as likely as another.
  const most = tempered.reduce((a, b) => Math.max(a, b), -Infinity)
  const column = {
    name: 'logWeight',
    of: (row: number) => String(Math.fround(Math.max(tempered[row] - most, -700))),
  }
  const dimension = points.length / logWeights.length
  writeOutput(file, csvPieces(Float32Array.from(points), dimension, undefined, [column]), false)
  return { file, part }
}

/** `oxbow weigh`. */
export async function weighCommand(path: string, flags: WeighFlags): Promise<void> {
  const { energy, count, targetCount, seed, weights, density, out, json, samples, temper } = flags
  const { steps = 4, grid = uniformGrid(steps), method = 'auto' } = flags
  checkFlow(flags)
  const file = out ?? defaultFile(path)
  const model = readModel(path, weights)
  const condition = knownCondition(model.config, model.data)
  if (flags.class === 'all' && condition?.kind === 'class' && !condition.names.includes('all')) {
    throw new UsageError('--class: an energy is that of one class, found all')
  }
  if (samples !== undefined && !samples.endsWith('.csv')) {
    throw new UsageError(`--samples ${samples}: expected a name ending in .csv`)
  }
  const given = chosenBy(path, { condition, needsCondition: condition?.none === false }, flags)
  const request = { energy, grid, count, targetCount, seed, weights, method, density, given }
  const weighed = await weighModel(model, path, request, await openRuntime())
  const tempered = samples === undefined ? undefined : writeSamples(samples, weighed, temper)
  const record = { ...weighed.record, ...toldIn(flags), ...(tempered && { samples: tempered }) }
  const before = out === undefined ? energyIn(file) : undefined
  const say = writeOutput(file, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), out === undefined)
  if (before !== undefined && before !== record.energy) {
    note(`oxbow: ${file} had the weights to ${before}, which these replace; --out keeps both`)
  }
  const plot = file.endsWith('.json') ? `${file.slice(0, -'.json'.length)}.svg` : undefined
  if (plot) writeOutput(plot, Buffer.from(weightPlot(record)), out === undefined)
  if (json) return printJson({ file, ...(plot && { plot }), ...record })
  for (const line of lines(path, record)) say(line)
  for (const warning of record.warnings) say(`careful: ${warning}`)
  if (tempered) {
    const { file: written, part } = tempered
    say(`${written}: the samples with ${numberText(part, 2)} times the logarithm of their weights`)
  }
  say(plot ? `${file}, ${plot}` : file)
}
