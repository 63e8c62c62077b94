import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { train } from '../../src/index.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { runHere, start, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('progressive')
const at = (...names: string[]) => join(folder, ...names)
const RUN = at('velocity')

beforeAll(() =>
  train(
    { ...tiny, objective: 'flow-matching', network: { ...tiny.network, conditioning: 's' }, steps: 20 },
    { directory: RUN },
  ),
)

const halve = (out: string, ...more: string[]) =>
  runHere(['progressive', RUN, '--halvings', '2', '--out', at(out), '--steps', '30', ...more])

describe('progressive', () => {
  test('trains a run for each halving, from the one before, on its grid', async () => {
    const { code, stdout } = await halve('all', '--from', '8', '--json')
    expect(code).toBe(0)
    const { runs } = JSON.parse(stdout)
    expect(runs.map(({ run, jumps }: { run: string; jumps: number }) => [run, jumps])).toEqual([
      [at('all', 'steps-4'), 4],
      [at('all', 'steps-2'), 2],
    ])
    const [first, second] = [4, 2].map(steps => readRecord(at('all', `steps-${steps}`)).config)
    expect(first).toMatchObject({
      ...{ objective: 'pfmm', options: { space: 'velocity' }, teacher: RUN, initFrom: RUN },
      ...{ times: { law: 'grid', levels: 2 }, steps: 30, batch: tiny.batch },
    })
    expect(second).toMatchObject({ teacher: at('all', 'steps-4'), times: { levels: 1 } })
  })

  test('does not train again what is finished, and goes on with what is not', async () => {
    const log = () => readFileSync(paths(at('all', 'steps-4')).metrics, 'utf8')
    const lines = log()
    const { code, stdout } = await halve('all', '--from', '8')
    expect(code).toBe(0)
    expect(stdout.match(/trained already/g)).toHaveLength(2)
    expect(log()).toBe(lines)
  })

  test('saves what it has at Ctrl-C, and the same command finishes it', async () => {
    const long = ['progressive', RUN, '--halvings', '1', '--out', at('cut')]
    const { child, done } = start([...long, '--steps', '1000000'])
    await until(() => readable(paths(at('cut', 'steps-1')).metrics), 'the training runs')
    child.kill('SIGINT')
    const { code, stderr } = await done
    expect(code).toBe(130)
    expect(stderr).toContain('stopped by SIGINT; the same command continues')
    const run = at('cut', 'steps-1')
    const reached = checkpointSteps(run).at(-1)!
    expect(reached).toBeGreaterThan(0)
    const again = await runHere([...long, '--steps', String(reached + 20)])
    expect([again.code, checkpointSteps(run).at(-1)]).toEqual([0, reached + 20])
  })

  test.each<[string[], RegExp]>([
    [[RUN, '--halvings', '3', '--from', '4', '--out', 'x'], /--from: expected a power of two from 8/],
    [[RUN, '--halvings', '2', '--from', '12', '--out', 'x'], /--from: expected a power of two from 4/],
    [[RUN, '--halvings', '0', '--out', 'x'], /--halvings/],
    [[at('nothing'), '--halvings', '2', '--out', 'x'], /no such run/],
    [[RUN, '--halvings', '2'], /--out/],
  ])('refuses %j', async (args, line) => {
    const { code, stderr } = await runHere(['progressive', ...args])
    expect(code).toBe(2)
    expect(stderr).toMatch(line)
  })

  test('refuses a folder with halvings of another run', async () => {
    const { code, stderr } = await halve('all', '--from', '8', '--lr', '0.5')
    expect(code).toBe(2)
    expect(stderr).toMatch(/learningRate: cannot change when a run is resumed/)
  })
})

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0
  } catch {
    return false
  }
}
