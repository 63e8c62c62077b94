import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { paths } from '../../src/serialization/run.ts'
import { documentOf, run, runHere, start, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('print-jobs')
const at = (name: string) => join(folder, name)

const training = ['--training.network.hidden', '16', '--training.batch', '32', '--training.logEvery', '10']
const args = (out: string) => [
  ...['compare', '--objectives', 'lmd', '--steps', '1', '--count', '100', ...training],
  ...['--training.steps', '60', '--teacherTraining.steps', '40', '--out', at(out)],
]

test('compare --print gives a command for each job, in any order and at once, and --gather reports', async () => {
  const { code, stdout, stderr } = await run([...args('printed'), '--print'])
  expect([code, stderr]).toEqual([
    0,
    'oxbow: 2 of 2 jobs are to be done; give the command again with --gather then\n',
  ])
  const commands = stdout.trimEnd().split('\n')
  expect(commands).toHaveLength(2)
  for (const command of commands) expect(command).toMatch(/ job \S+printed [0-9a-f]{12}$/)
  expect(existsSync(join(at('printed'), 'runs'))).toBe(false)

  const early = await runHere([...args('printed'), '--gather'])
  expect(early.code).toBe(1)
  expect(early.stderr).toMatch(
    /lmd-seed0-\w+: is not trained yet; the same command without --gather does it\n/,
  )

  // The one that learns from the other comes first, and the second is given twice.
  writeFileSync(at('commands'), [commands[1], commands[0], commands[1]].join('\n'))
  const output = execFileSync('xargs', ['-P', '3', '-I{}', 'sh', '-c', '{}'], {
    input: readFileSync(at('commands')),
    encoding: 'utf8',
  })
  expect(output.match(/: done \(/g)).toHaveLength(3)
  expect((await runHere([...args('printed'), '--print'])).stdout).toBe('')

  const gathered = documentOf(await runHere([...args('printed'), '--gather', '--json']))
  const local = documentOf(await run([...args('local'), '--jobs', '2', '--json']))
  const { rows } = gathered as { rows: unknown[] }
  expect(rows.length).toBeGreaterThan(0)
  expect(rows).toEqual((local as { rows: unknown[] }).rows)
  const names = readdirSync(join(at('local'), 'runs'))
  expect(names).toHaveLength(2)
  for (const name of names) {
    const [a, b] = ['printed', 'local'].map(out => join(at(out), 'runs', name))
    expect(newestCheckpoint(a)).toEqual(newestCheckpoint(b))
    expect(metricsOf(a)).toEqual(metricsOf(b))
  }
}, 180_000)

test('a job that is stopped or killed goes on from its checkpoint', async () => {
  const long = [...args('killed'), '--training.steps', '3000', '--training.checkpointEvery', '100']
  const { stdout } = await run([...long, '--print', '--json'])
  const { commands } = JSON.parse(stdout) as { commands: string[] }
  const [teacher, pupil] = commands.map(command => command.split(' ').slice(2))
  expect((await run(teacher)).code).toBe(0)
  const steps = () => {
    const [name] = readdirSync(join(at('killed'), 'runs')).filter(each => each.startsWith('lmd'))
    return name === undefined ? -1 : (checkpointSteps(join(at('killed'), 'runs', name)).at(-1) ?? -1)
  }
  const before: number[] = []
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const from = steps()
    const { child, done } = start(pupil)
    await until(() => steps() > from, 'it has gone on', 60_000)
    child.kill(signal)
    const { code, stderr } = await done
    if (signal === 'SIGTERM') {
      expect(code).toBe(143)
      expect(stderr).toMatch(/^oxbow: lmd seed 0: stopped; give the same command again to go on/)
    }
    before.push(steps())
  }
  expect(before[1]).toBeGreaterThan(before[0])
  const last = await run([...pupil, '--json'])
  const { run: directory } = documentOf(last) as { run: string }
  expect(steps()).toBe(3000)
  // None of the steps was done twice and kept.
  const logged = metricsOf(directory).map(line => line.step)
  expect(logged).toEqual([...new Set(logged)].sort((a, b) => a - b))
  expect(existsSync(paths(directory).evaluation)).toBe(true)
}, 180_000)

test('oxbow job refuses what is no table and no job of it, in one line with exit code 2', async () => {
  expect(await runHere(['job', at('nowhere'), 'ab'])).toMatchObject({
    code: 2,
    stderr: `oxbow: ${at('nowhere')}/jobs.json: no such table; "oxbow compare --print --out ${at('nowhere')}" writes it\n`,
  })
  expect(await runHere(['job', at('printed'), 'nonsense'])).toMatchObject({
    code: 2,
    stderr: `oxbow: ${at('printed')}/jobs.json: holds no job "nonsense"; if the comparison has changed since, print its commands again\n`,
  })
  const table = readFileSync(join(at('printed'), 'jobs.json'), 'utf8')
  writeFileSync(join(at('printed'), 'jobs.json'), table.replace('"batch": 32', '"batch": 33'))
  const changed = await runHere(['job', at('printed'), 'a'])
  expect([changed.code, changed.stderr]).toEqual([
    2,
    expect.stringMatching(
      /^oxbow: .*jobs\.json: not the table of a comparison, or damaged \(\w+ seed 0: the id/,
    ),
  ])
})
