import { Presets, SingleBar } from 'cli-progress'
import type { Progress } from '../training/train-options.ts'
import { note } from './terminal.ts'
import { timeLeft } from './time-left.ts'

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

/**
 * Shows how a training goes, stage by stage, and says once where it seems to diverge.
 *
 * @param of  what is trained, where the command trains several runs; a stage of it comes behind
 */
export function trainingProgress(of = ''): { update: (progress: Progress) => void; stop: () => void } {
  let view: ReturnType<typeof progressView> | undefined
  let shown: Progress['stage']
  let flagged = false
  const update = (progress: Progress): void => {
    const { step, residual, grownFrom, stage } = progress
    if (stage !== shown) {
      view?.stop()
      view = undefined
      shown = stage
      flagged = false
    }
    const name = [of, shown ?? ''].map(part => part && `${part}: `).join('')
    if (grownFrom !== undefined && !flagged) {
      flagged = true
      const grown = `the residual has grown from ${grownFrom.toPrecision(2)} to ${residual.toPrecision(2)}`
      note(`oxbow: ${name}step ${step}: ${grown}; the training seems to diverge`)
    }
    view ??= progressView(progress.steps, name)
    view.update(progress)
  }
  return { update, stop: () => view?.stop() }
}
