import { basename } from 'node:path'
import { Presets, SingleBar } from 'cli-progress'
import { resolveConfig, type UserConfig } from '../config/index.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import { scatter } from '../report/braille.ts'
import { shellWord } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { train } from '../report/train.ts'
import { couldBuildEngine } from '../runtime/cpu/native.ts'
import { drawNoise, jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import { load } from '../serialization/load.ts'
import type { Progress } from '../training/train-options.ts'
import { readConfig } from './config-file.ts'
import { layered, parseKeys } from './keys.ts'
import { columns, note, onInterrupt, print, printJson } from './terminal.ts'
import { timeLeft } from './time-left.ts'

interface TrainFlags {
  readonly config?: string
  readonly data?: DatasetSpec
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
  const { config, data, recipe, objective, teacher, initFrom, steps, batch, lr, seed } = flags
  const rate = { 'optimizer.learningRate': lr }
  const short = Object.entries({ data, recipe, objective, teacher, initFrom, steps, batch, seed, ...rate })
  // A name is text even where it looks like a number, so only numbers go through the YAML reader.
  const texts = new Set(['data', 'recipe', 'objective', 'teacher', 'initFrom'])
  const pairs = short.flatMap(([key, value]) =>
    value === undefined || texts.has(key) ? [] : [`--${key}=${value}`],
  )
  const named = Object.fromEntries(short.filter(([key, value]) => value !== undefined && texts.has(key)))
  return layered(
    config === undefined ? {} : await readConfig(config, data === undefined),
    named,
    parseKeys(pairs),
    parseKeys(rest, ['resume', 'json', 'debug']),
  )
}

function defaultDirectory(user: UserConfig): string {
  // The network is not in the name, and may still have to be taken over from another run.
  const { network: _, ...rest } = user
  const { data, recipe, objective, seeds } = resolveConfig(rest)
  const name =
    typeof data === 'string' ? basename(data).replace(/(\.\w+)?(\.gz)?$/i, '') : Object.keys(data)[0]
  return `runs/${name || 'data'}-${recipe ?? objective}-seed${seeds.data}`
}

/** What fits into a line: the bar is the first to go, then all but how far and how long. */
function barFormat(columns: number, name: string): string {
  const end = '{rate} steps/s  {left} left'
  if (columns >= 94) return `${name}{bar} {value}/{total}  residual {residual}  loss {loss}  ${end}`
  if (columns >= 76) return `${name}{bar} {value}/{total}  residual {residual}  ${end}`
  if (columns >= 44) return `${name}{value}/{total}  residual {residual}  {left} left`
  return `${name}{percentage}%  {left} left`
}

/** The parent may be gone at any moment; then nobody wants to know. */
function tellParent(progress: Progress): void {
  if (process.connected) process.send?.(progress, undefined, undefined, () => {})
}

/**
 * Shows progress as a bar on a terminal, otherwise as a line every few seconds.
 *
 * @param name  what these steps are of, where it is not the run itself
 */
function progressView(
  steps: number,
  name: string,
): { update: (progress: Progress) => void; stop: () => void } {
  if (process.send) return { update: tellParent, stop: () => {} }
  if (!process.stderr.isTTY) {
    let last = Date.now()
    return {
      update: progress => {
        if (Date.now() - last < 5000) return
        last = Date.now()
        const { step, steps, loss, residual, stepsPerSecond } = progress
        const numbers = `residual ${residual.toPrecision(3)}  loss ${loss.toPrecision(4)}`
        note(
          `${name}step ${step}/${steps}  ${numbers}  ${stepsPerSecond} steps/s  ${timeLeft(progress)} left`,
        )
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar(
    {
      format: barFormat(process.stderr.columns ?? 80, name),
      barsize: 24,
      hideCursor: true,
      linewrap: false,
    },
    Presets.shades_classic,
  )
  bar.start(steps, 0, { loss: '-', residual: '-', rate: '-', left: '-' })
  return {
    update: progress => {
      const { step, loss, residual, grownFrom, stepsPerSecond } = progress
      const shown = residual.toPrecision(3) + (grownFrom === undefined ? '' : '!')
      bar.update(step, {
        loss: loss.toPrecision(4),
        residual: shown,
        rate: stepsPerSecond < 10 ? stepsPerSecond.toFixed(1) : Math.round(stepsPerSecond),
        left: timeLeft(progress),
      })
    },
    stop: () => bar.stop(),
  }
}

/** A look at what was trained: a small scatter of one-jump samples; of pictures, which command shows them. */
export async function showSamples(run: string, steps = 1): Promise<void> {
  const [map, { pictureSize }] = await Promise.all([load(run), import('../report/sample-sheet.ts')])
  if (pictureSize(map.shape) || map.needsCondition) {
    const every = map.condition?.kind === 'class' ? ' --class all' : ''
    await map.close()
    if (pictureSize(map.shape)) print(`see samples: oxbow sample ${shellWord(run)}${every} --out sheet.png`)
    return
  }
  const points = await jumpThrough(map.jump, drawNoise(2000, map.dimension, 0), uniformGrid(steps))
  await map.close()
  const title = `${run}: ${steps} jump${steps === 1 ? '' : 's'}`
  print(scatter(toPlane(points, map.dimension), { width: Math.min(columns(), 48), title }))
}

/** Milliseconds of a training after which faster steps are worth a line. */
const WORTH_SAYING = 30_000

/** `oxbow train`. */
export async function trainCommand(flags: TrainFlags, rest: readonly string[]): Promise<number> {
  const user = await userConfig(flags, rest)
  const directory = flags.out ?? defaultDirectory(user)
  const interrupt = onInterrupt()
  let view: ReturnType<typeof progressView> | undefined
  let shown: Progress['stage']
  let flagged = false
  const onProgress = (progress: Progress) => {
    const { step, residual, grownFrom, stage } = progress
    if (stage !== shown) {
      view?.stop()
      view = undefined
      shown = stage
      flagged = false
    }
    const name = shown ? `${shown}: ` : ''
    if (grownFrom !== undefined && !flagged) {
      flagged = true
      const grown = `the residual has grown from ${grownFrom.toPrecision(2)} to ${residual.toPrecision(2)}`
      note(`oxbow: ${name}step ${step}: ${grown}; the training seems to diverge`)
    }
    view ??= progressView(progress.steps, name)
    view.update(progress)
  }
  const onStart = (warnings: readonly string[]) => {
    for (const warning of warnings) note(`oxbow: ${warning}`)
  }
  const options = { directory, resume: flags.resume, onProgress, onStart, shouldStop: interrupt.stop }
  const result = await train(user, options).finally(() => {
    view?.stop()
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
      note('oxbow: npm run build:native builds an engine on which steps are faster; it needs a C++ compiler')
    }
  }
  if (finished) return 0
  note(
    `oxbow: stopped by ${interrupt.signal()}; continue with: oxbow train --resume --out ${shellWord(directory)}`,
  )
  return interrupt.exitCode()
}
