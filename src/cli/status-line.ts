import type { Progress } from '../training/train-options.ts'
import { note, overwrite } from './terminal.ts'
import { timeLeft } from './time-left.ts'

/** One line, overwritten on a terminal: what runs now and how far it is. */
export class StatusLine {
  private readonly running = new Map<string, string>()

  set(name: string, text: string | undefined): void {
    if (text === undefined) this.running.delete(name)
    else this.running.set(name, text)
    this.draw()
  }

  /** A line that stays. */
  note(text: string): void {
    overwrite('')
    note(text)
    this.draw()
  }

  clear(): void {
    this.running.clear()
    overwrite('')
  }

  private draw(): void {
    overwrite([...this.running].map(([name, text]) => `${name} ${text}`).join('   '))
  }
}

/** How far a training is, and how long the rest takes. */
export const percent = (progress: Progress): string => {
  const { step, steps, stage } = progress
  return `${stage ? `${stage} ` : ''}${Math.round((100 * step) / steps)}% (${timeLeft(progress)} left)`
}
