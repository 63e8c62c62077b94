/** Work that may have to wait for other work. */
export interface Task {
  readonly name: string
  /** Name of the task that must have succeeded first. */
  readonly after?: string
  run(): Promise<void>
}

/**
 * Runs tasks, a few at a time, each after the one it waits for. A failure does not end the others, but those that wait
 * for it fail too.
 *
 * @param stopped  asked before each start; `true` starts nothing more
 * @returns the failures by task name
 */
export async function runTasks(
  tasks: readonly Task[],
  atOnce: number,
  stopped: () => boolean,
): Promise<Map<string, Error>> {
  const waiting = [...tasks]
  const finished = new Set<string>()
  const failures = new Map<string, Error>()
  const names = new Set(tasks.map(task => task.name))
  const isReady = ({ after }: Task) => after === undefined || !names.has(after) || finished.has(after)

  const next = (): Task | undefined => {
    for (;;) {
      const doomed = waiting.findIndex(task => task.after !== undefined && failures.has(task.after))
      if (doomed < 0) break
      const [task] = waiting.splice(doomed, 1)
      failures.set(task.name, new Error(`not started, because ${task.after} failed`))
    }
    const ready = waiting.findIndex(isReady)
    return ready < 0 ? undefined : waiting.splice(ready, 1)[0]
  }

  const running = new Set<Promise<void>>()
  for (;;) {
    while (running.size < atOnce && !stopped()) {
      const task = next()
      if (!task) break
      const work: Promise<void> = task
        .run()
        .then(() => void finished.add(task.name))
        .catch((error: Error) => void failures.set(task.name, error))
        .finally(() => running.delete(work))
      running.add(work)
    }
    if (running.size === 0) return failures
    await Promise.race(running)
  }
}
