import { basename } from 'node:path'
import { withUsualObjective } from '../config/dataset.ts'
import { resolveConfig, type UserConfig } from '../config/index.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import { whyNoJumps } from '../objective/index.ts'
import { shellWord } from '../report/format.ts'
import { terminalScatter } from '../report/terminal-scatter.ts'
import { inLine, textsOf } from '../report/text-samples.ts'
import { train } from '../report/train.ts'
import { couldBuildEngine } from '../runtime/cpu/native.ts'
import { jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import { sampleNoise } from '../sampler/sampling.ts'
import { load } from '../serialization/load.ts'
import { startOf } from '../training/source.ts'
import { readConfig } from './config-file.ts'
import { layered, parseKeys } from './keys.ts'
import { columns, note, onInterrupt, print, printJson } from './terminal.ts'
import { trainingProgress } from './training-progress.ts'

interface TrainFlags {
  readonly config?: string
  readonly data?: DatasetSpec
  readonly source?: DatasetSpec
  readonly recipe?: string
  readonly objective?: string
  readonly teacher?: string
  readonly initFrom?: string
  readonly steps?: string
  readonly batch?: string
  readonly lr?: string
  readonly seed?: string
  readonly out?: string
  readonly resume?: boolean
  readonly json?: boolean
}

/** The configuration that a command line asks for: the file, then short options, then dotted keys. */
async function userConfig(flags: TrainFlags, rest: readonly string[]): Promise<UserConfig> {
  const { config, data, source, recipe, objective, teacher, initFrom, steps, batch, lr, seed } = flags
  const rate = { 'optimizer.learningRate': lr }
  const short = Object.entries({
    data,
    source,
    recipe,
    objective,
    teacher,
    initFrom,
    steps,
    batch,
    seed,
    ...rate,
  })
  // A name is text even where it looks like a number, so only numbers go through the YAML reader.
  const texts = new Set(['data', 'source', 'recipe', 'objective', 'teacher', 'initFrom'])
  const pairs = short.flatMap(([key, value]) =>
    value === undefined || texts.has(key) ? [] : [`--${key}=${value}`],
  )
  const named = Object.fromEntries(short.filter(([key, value]) => value !== undefined && texts.has(key)))
  const keys = layered(
    config === undefined ? {} : await readConfig(config, data === undefined),
    named,
    parseKeys(pairs),
    parseKeys(rest, ['resume', 'json', 'debug']),
  )
  return flags.resume ? keys : withUsualObjective(keys)
}

/** Of data, for the name of a folder. */
function shortName(data: DatasetSpec): string {
  const name =
    typeof data === 'string' ? basename(data).replace(/(\.\w+)?(\.gz)?$/i, '') : Object.keys(data)[0]
  return name || 'data'
}

function defaultDirectory(user: UserConfig): string {
  // The network is not in the name, and may still have to be taken over from another run.
  const { network: _, ...rest } = user
  const { data, source, recipe, objective, seeds } = resolveConfig(rest)
  const begin = source === null ? '' : `${shortName(source)}-to-`
  return `runs/${begin}${shortName(data)}-${recipe ?? objective}-seed${seeds.data}`
}

/** What is shown of a run at its end. */
const [SHOWN_POINTS, SHOWN_TEXTS] = [2000, 8]

/** A look at what was trained: a small scatter of one-jump samples, or a few texts; of pictures, which command shows them. */
export async function showSamples(run: string, steps = 1): Promise<void> {
  const [map, { pictureSize }] = await Promise.all([load(run), import('../report/sample-sheet.ts')])
  if (pictureSize(map.shape) || map.needsCondition) {
    const every = map.condition?.kind === 'class' ? ' --class all' : ''
    await map.close()
    if (pictureSize(map.shape)) print(`see samples: oxbow sample ${shellWord(run)}${every} --out sheet.png`)
    return
  }
  const grid = uniformGrid(steps)
  const count = map.text ? SHOWN_TEXTS : SHOWN_POINTS
  const points = whyNoJumps(map.objective)
    ? (await sampleNoise(map, count, { grid })).points
    : await jumpThrough(map.jump, (await startOf(map, count, 0))(), grid)
  await map.close()
  if (map.text) {
    for (const text of textsOf({ ...map.text, length: map.shape[0] }, points)) print(inLine(text))
    print(`see more: oxbow sample ${shellWord(run)}`)
    return
  }
  const title = `${run}: ${steps} jump${steps === 1 ? '' : 's'}`
  print(terminalScatter(points, map, { columns: columns(), title }))
}

/** Milliseconds of a training after which faster steps are worth a line. */
const WORTH_SAYING = 30_000

/** `oxbow train`. */
export async function trainCommand(flags: TrainFlags, rest: readonly string[]): Promise<number> {
  const user = await userConfig(flags, rest)
  const directory = flags.out ?? defaultDirectory(user)
  const interrupt = onInterrupt()
  const progress = trainingProgress()
  const onStart = (warnings: readonly string[]) => {
    for (const warning of warnings) note(`oxbow: ${warning}`)
  }
  const options = {
    ...{ directory, resume: flags.resume, onStart },
    onProgress: progress.update,
    shouldStop: interrupt.stop,
  }
  const result = await train(user, options).finally(() => {
    progress.stop()
    interrupt.release()
  })
  const { run, steps, loss, residual, verdict, msPerStep, finished, warnings } = result
  const said = verdict && `${verdict.diverged ? 'warning: ' : ''}${verdict.text}`
  if (flags.json) {
    const rounded = Math.round(msPerStep * 1000) / 1000
    const judged = { residual, verdict: said ?? null, diverged: verdict?.diverged ?? false }
    printJson({ run, steps, loss, ...judged, msPerStep: rounded, finished, warnings })
  } else {
    // Of a run that was resumed where nothing was left to do.
    const pace = msPerStep > 0 ? `${msPerStep.toFixed(2)} ms per step` : 'no further step trained'
    const outcome = `loss ${loss.toPrecision(4)}, ${pace}`
    const nothing = finished ? 'nothing trained' : 'stopped before its first step'
    print(`${run}: step ${steps}, ${steps === 0 ? nothing : outcome}`)
    if (said) print(said)
    if (finished && process.stdout.isTTY) await showSamples(run)
    if (steps * msPerStep > WORTH_SAYING && couldBuildEngine()) {
      note(
        'oxbow: training is faster with the native engine; to build it, run "npm run build:native" (needs a C++ compiler)',
      )
    }
  }
  if (finished) return 0
  note(
    `oxbow: stopped by ${interrupt.signal()}; continue with: oxbow train --resume --out ${shellWord(directory)}`,
  )
  return interrupt.exitCode()
}
