import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { isRun, paths } from '../../src/serialization/run.ts'
import { COMMAND, run, start, TINY, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long, some } from '../helpers/long.ts'
import { childrenOf } from '../helpers/processes.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('interrupt')
const newest = (directory: string) => checkpointSteps(directory).at(-1) ?? -1
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('train', () => {
  const signals = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const
  test.each(some(signals))('%s saves, says how to go on and exits with %i', async (signal, expected) => {
    const directory = join(folder, signal)
    const options = [...TINY, '--checkpointEvery', '1000000', '--logEvery', '10']
    const { child, done } = start(['train', ...options, '--steps', '10000000', '--out', directory, '--json'])
    await until(() => existsSync(paths(directory).metrics), 'the training runs')
    child.kill(signal)
    const { code, stdout, stderr } = await done
    expect(code).toBe(expected)
    const [, command] = /^oxbow: stopped by (?:SIGINT|SIGTERM|SIGHUP); continue with: oxbow (.+)\n$/.exec(
      stderr,
    )!
    expect(stderr).toContain(signal)

    const steps = newest(directory)
    expect(steps).toBeGreaterThan(0)
    expect(JSON.parse(stdout)).toMatchObject({ run: directory, steps, finished: false })
    expect(existsSync(paths(directory).model)).toBe(true)

    const more = ['--steps', String(steps + 50)]
    const resumed = await run([...command.split(' '), ...more])
    expect(resumed.code).toBe(0)
    const straight = join(folder, `${signal}-straight`)
    await run(['train', ...options, ...more, '--out', straight])
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(straight))
    expect(metricsOf(directory)).toEqual(metricsOf(straight))
  })

  long('slow steps are answered without waiting for a whole chunk of them', async () => {
    const directory = join(folder, 'slow')
    const slow = ['--objective', 'lsd', '--network.hidden', '512', '--network.layers', '4', '--batch', '2048']
    const rare = ['--chunk', '1000', '--logEvery', '1000', '--checkpointEvery', '1000']
    const { child, done } = start(['train', ...slow, ...rare, '--out', directory, '--json'])
    await until(() => isRun(directory), 'the training begins')
    await new Promise(resolve => setTimeout(resolve, 2000))
    const began = performance.now()
    child.kill('SIGINT')
    const { code, stdout } = await done
    const { msPerStep, steps } = JSON.parse(stdout)
    expect(code).toBe(130)
    expect(steps).toBeGreaterThan(0)
    expect(performance.now() - began).toBeLessThan(1500 + 3 * msPerStep)
  })
})

/** A comparison in a process group of its own, as a terminal starts it. */
function startComparison(out: string, steps: number) {
  const training = ['--training.network.hidden', '16', '--training.batch', '32', '--training.logEvery', '10']
  const rare = ['--training.checkpointEvery', '1000000', '--training.steps', String(steps)]
  const measuring = ['--steps', '1,2', '--count', '200', '--jobs', '2', '--out', out]
  const args = ['compare', '--objectives', 'psd,flow-matching', ...measuring, ...training, ...rare, '--json']
  const child = spawn(process.execPath, [COMMAND, ...args], { detached: true })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve =>
    child.once('close', code => resolve({ code, stdout, stderr })),
  )
  return { pid: child.pid!, done }
}

const runsOf = (out: string): string[] => {
  const runs = join(out, 'runs')
  return existsSync(runs) ? readdirSync(runs).map(name => join(runs, name)) : []
}
/** Whether both trainings have gone on from where they were. */
const underWay = (out: string, before: ReadonlyMap<string, number>) => () => {
  const runs = runsOf(out).filter(run => existsSync(paths(run).metrics))
  return runs.length === 2 && runs.every(run => (metricsOf(run).at(-1)?.step ?? 0) > (before.get(run) ?? 0))
}

long(
  'a comparison interrupted, terminated, killed and run again loses nothing and leaves no process',
  async () => {
    const out = join(folder, 'compare')
    const steps = 25_000
    let before = new Map<string, number>()
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGKILL', null],
    ] as const) {
      const { pid, done } = startComparison(out, steps)
      await until(underWay(out, before), 'both trainings have gone on')
      const children = childrenOf(pid)
      expect(children).toHaveLength(2)
      // Ctrl-C in a terminal reaches the whole group; the other two come to one process.
      process.kill(signal === 'SIGINT' ? -pid : pid, signal)
      const outcome = await done
      expect(outcome.code).toBe(code)
      if (code !== null) {
        expect(outcome.stderr).toBe('oxbow: stopped; run the same command again to continue\n')
        expect(JSON.parse(outcome.stdout).error.code).toBe('interrupted')
        expect(children.filter(isAlive)).toEqual([])
      }
      await until(() => !children.some(isAlive), 'the children are gone', 5000)
      // There is no checkpoint but the one that each child saved on its way out.
      const saved = new Map(runsOf(out).map(run => [run, newest(run)]))
      for (const [run, step] of saved) {
        expect(step).toBeGreaterThan(before.get(run) ?? 0)
        expect(step).toBeLessThan(steps)
      }
      before = saved
    }

    const last = await startComparison(out, steps).done
    expect(last.code).toBe(0)
    expect(
      last.stderr.match(/^\[[12]\/2\] (psd|flow-matching) seed 0 trained and measured in [\d.]+ s$/gm),
    ).toHaveLength(2)
    const { rows, report } = JSON.parse(last.stdout)
    expect(rows.length).toBeGreaterThan(0)
    expect(readFileSync(report, 'utf8')).toContain('</html>')

    const times = () => runsOf(out).map(run => statSync(paths(run).model).mtimeMs)
    const written = times()
    const again = await startComparison(out, steps).done
    expect(again.stderr.match(/^\[[12]\/2\] (psd|flow-matching) seed 0 was there already$/gm)).toHaveLength(2)
    expect(times()).toEqual(written)
    expect(JSON.parse(again.stdout).rows).toEqual(rows)
  },
  180_000,
)
