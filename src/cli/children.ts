import type { Progress } from '../training/train-options.ts'
import { type Child, startChild } from './child.ts'
import type { Interrupt } from './terminal.ts'

/** Milliseconds between two looks at whether an end was asked for. */
const LOOK = 100

/** Commands in processes of their own, all of which are asked to end when an end is asked for. */
export class Children {
  private readonly running = new Set<Child>()
  private readonly timer: NodeJS.Timeout

  /** @param threads  of each */
  constructor(
    private readonly threads: number,
    interrupt: Pick<Interrupt, 'stop'>,
    /** The folder that they run in. */
    private readonly folder?: string,
  ) {
    this.timer = setInterval(() => {
      if (interrupt.stop()) for (const child of this.running) child.stop()
    }, LOOK)
  }

  async call(args: string[], onProgress?: (progress: Progress) => void): Promise<void> {
    const child = startChild(args, this.threads, onProgress, this.folder)
    this.running.add(child)
    await child.result.finally(() => this.running.delete(child))
  }

  close(): void {
    clearInterval(this.timer)
  }
}
