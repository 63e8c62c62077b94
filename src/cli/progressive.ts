import { join } from 'node:path'
import type { UserConfig } from '../config/index.ts'
import { formatNumber, plural, shellWord } from '../report/format.ts'
import { train } from '../report/train.ts'
import { readModel } from '../serialization/model-files.ts'
import { isRun } from '../serialization/run.ts'
import { UsageError } from './failure.ts'
import { note, onInterrupt, print, printJson } from './terminal.ts'
import { trainingProgress } from './training-progress.ts'

interface ProgressiveFlags {
  readonly halvings: number
  readonly out: string
  readonly from?: number
  readonly steps?: number
  readonly batch?: number
  readonly lr?: number
  readonly seed?: number
  readonly json?: boolean
}

/** The grid that is halved first. @throws UsageError where it cannot be halved as often */
function firstGrid({ halvings, from = 2 ** halvings }: ProgressiveFlags): number {
  const isPower = Number.isInteger(Math.log2(from))
  if (isPower && from >= 2 ** halvings) return from
  throw new UsageError(
    `--from: expected a power of two from ${2 ** halvings}, which ${plural(halvings, 'halving')} take to a whole number of steps; found ${from}`,
  )
}

/** How one halving trains: as its teacher was trained, from the teacher's weights, on a grid of half as many steps. */
function halving(teacher: string, grid: number, flags: ProgressiveFlags): UserConfig {
  const { steps, batch, lr, seed } = flags
  const { config } = readModel(teacher)
  const { data, source, sourceNoise, standardize, holdOut, interpolant, condition, coupling } = config
  const { name, learningRate } = config.optimizer
  return {
    ...{ data, source, sourceNoise, standardize, holdOut, interpolant, condition },
    ...(coupling.kind === 'ot' && { coupling }),
    ...{ objective: 'pfmm', options: { space: 'velocity' } },
    ...{ teacher, initFrom: teacher },
    times: { law: 'grid', levels: Math.log2(grid) },
    optimizer: { name, learningRate: lr ?? learningRate },
    ...{ batch: batch ?? config.batch, steps: steps ?? config.steps, ema: config.ema },
    ...(seed === undefined ? { seeds: config.seeds } : { seed }),
  }
}

/** `oxbow progressive`: each halving is a run of its own, and one that is there goes on from where it is. */
export async function progressiveCommand(path: string, flags: ProgressiveFlags): Promise<number> {
  const { halvings, out, json } = flags
  const grids = Array.from({ length: halvings }, (_, i) => firstGrid(flags) / 2 ** (i + 1))
  const interrupt = onInterrupt()
  const runs: { run: string; jumps: number; loss: number; msPerStep: number }[] = []
  let teacher = path
  try {
    for (const jumps of grids) {
      const directory = join(out, `steps-${jumps}`)
      const progress = trainingProgress(`${2 * jumps} to ${jumps}`)
      const { loss, msPerStep, finished } = await train(halving(teacher, jumps, flags), {
        ...{ directory, resume: isRun(directory), onProgress: progress.update },
        onStart: warnings => {
          for (const warning of warnings) note(`oxbow: ${warning}`)
        },
        shouldStop: interrupt.stop,
      }).finally(progress.stop)
      if (!finished) {
        note(`oxbow: stopped by ${interrupt.signal()}; the same command continues ${shellWord(directory)}`)
        return interrupt.exitCode()
      }
      runs.push({ run: directory, jumps, loss, msPerStep })
      const pace = msPerStep > 0 ? `${msPerStep.toFixed(2)} ms per step` : 'trained already'
      if (!json) print(`${directory}: ${plural(jumps, 'step')}, loss ${formatNumber(loss, 4)}, ${pace}`)
      teacher = directory
    }
  } finally {
    interrupt.release()
  }
  if (json) printJson({ teacher: path, runs })
  return 0
}
