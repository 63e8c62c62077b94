import { describe, expect, test } from 'vitest'
import { runTasks, type Task } from '../../src/cli/schedule.ts'

/** Tasks that tell when they begin and end, and take a turn. */
function told(log: string[]) {
  return (name: string, after?: string, fails = false): Task => ({
    name,
    after,
    run: async () => {
      log.push(`+${name}`)
      await new Promise(resolve => setTimeout(resolve))
      log.push(`-${name}`)
      if (fails) throw new Error(`${name} broke`)
    },
  })
}

describe('tasks', () => {
  test('run a few at a time, each after the one that it waits for', async () => {
    const log: string[] = []
    const task = told(log)
    const tasks = [task('b', 'a'), task('a'), task('c'), task('d', 'elsewhere')]
    expect(await runTasks(tasks, 2, () => false)).toEqual(new Map())
    expect(log.indexOf('+b')).toBeGreaterThan(log.indexOf('-a'))
    let running = 0
    const most = Math.max(...log.map(word => (running += word.startsWith('+') ? 1 : -1)))
    expect([most, log.length]).toEqual([2, 8])
  })

  test('fail by themselves, with those that wait for them', async () => {
    const log: string[] = []
    const task = told(log)
    const failures = await runTasks(
      [task('a', undefined, true), task('b', 'a'), task('c', 'b'), task('d')],
      1,
      () => false,
    )
    expect([...failures].map(([name, { message }]) => `${name}: ${message}`)).toEqual([
      'a: a broke',
      'b: not started, because a failed',
      'c: not started, because b failed',
    ])
    expect(log).toEqual(['+a', '-a', '+d', '-d'])
  })

  test('do not begin once stopped', async () => {
    const log: string[] = []
    const task = told(log)
    await runTasks([task('a'), task('b')], 1, () => log.length > 0)
    expect(log).toEqual(['+a', '-a'])
  })
})
