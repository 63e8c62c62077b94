import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { expect, test } from 'vitest'
import { random } from '../../src/random/random.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { isRun, paths, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { run, start, TINY } from '../helpers/cli.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'
import { isFaults, isWhole } from '../helpers/long.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('kill')
const KILLS = isFaults ? 200 : isWhole ? 20 : 2
const SETTINGS = [...TINY, '--steps', '1500', '--checkpointEvery', '10', '--logEvery', '5', '--chunk', '5']

const train = (out: string) => ['train', '--out', out, ...(isRun(out) ? ['--resume'] : SETTINGS)]

/** Parses every file of a run that is not pending. */
function expectWhole(directory: string): void {
  for (const name of existsSync(directory) ? filesIn(directory) : []) {
    if (/^\.(pending|lock)/.test(name)) continue
    const path = join(directory, name)
    const kinds: Record<string, () => unknown> = {
      '.safetensors': () => decodeSafetensors(readFileSync(path), path),
      '.json': () => JSON.parse(readFileSync(path, 'utf8')),
      '.jsonl': () => metricsOf(directory),
      '.onnx': () => expect(readFileSync(path).length).toBeGreaterThan(1000),
      '.md': () => expect(readFileSync(path, 'utf8')).toMatch(/\|\n$/),
    }
    expect(Object.keys(kinds)).toContain(extname(name))
    kinds[extname(name)]()
  }
  if (isRun(directory)) readRecord(directory)
}

const newest = (directory: string) => checkpointSteps(directory).at(-1) ?? -1

/** Kills a training so many milliseconds after its start, or after the first checkpoint that it writes. */
async function killAt(
  directory: string,
  from: 'start' | 'checkpoint',
  moment: number,
): Promise<'killed' | 'finished'> {
  const before = newest(directory)
  const { child, done } = start(train(directory))
  let seen = -1
  let began = from === 'start' ? performance.now() : Infinity
  while (!(performance.now() - began >= moment) && child.exitCode === null) {
    await new Promise(resolve => setTimeout(resolve, 5))
    seen = newest(directory)
    if (seen > before) began = Math.min(began, performance.now())
  }
  child.kill('SIGKILL')
  const { signal, code, stderr } = await done
  expect(stderr).toBe('')
  expect(signal === 'SIGKILL' || code === 0).toBe(true)
  expectWhole(directory)
  expect(newest(directory)).toBeGreaterThanOrEqual(seen)
  return signal === 'SIGKILL' ? 'killed' : 'finished'
}

test(
  `${KILLS} kills at random moments lose no checkpoint, damage no file and do not change the outcome`,
  async () => {
    const straight = join(folder, 'straight')
    expect((await run(train(straight))).code).toBe(0)
    const model = readFileSync(paths(straight).model)
    const expectSame = (directory: string) => {
      expect(readFileSync(paths(directory).model).equals(model)).toBe(true)
      expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(straight))
      expect(metricsOf(directory)).toEqual(metricsOf(straight))
    }

    const source = random(2, 'moments')
    let [killed, directory] = [0, 0]
    const caught: number[] = []
    while (killed < KILLS) {
      const path = join(folder, `run-${directory}`)
      // Some before the first file is there, most while files are written, some beyond the end.
      const outcome = await (source.uniform() < 0.3
        ? killAt(path, 'start', 1500 * source.uniform())
        : killAt(path, 'checkpoint', 200 * source.uniform()))
      if (outcome === 'killed') caught.push(newest(path))
      if (outcome === 'killed') killed++
      else expectSame(path)
      if (outcome === 'finished') directory++
    }
    // Otherwise nothing was tested: kills must have hit trainings under way.
    expect(caught.filter(step => step > 0 && step < 1500).length).toBeGreaterThan(KILLS / 3)

    const last = join(folder, `run-${directory}`)
    const { code, stderr } = await run(train(last))
    expect([code, stderr]).toEqual([0, ''])
    expectSame(last)
    expect(filesIn(last).filter(name => name.startsWith('.'))).toEqual([])
  },
  90_000 + KILLS * 5000,
)
