import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodeNpy } from '../../src/data/npy-reader.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

/** Made by `train_tutorial.py --hidden 24 --steps 1500 --count 100` with PyTorch 2.15. */
const FIXTURES = 'test/examples/fixtures/pytorch'
const folder = temporaryFolder('pytorch')
const points = (file: string) => decodeNpy(readFileSync(file), file)

test('a map trained by the PyTorch example is sampled to the same points by the commands that it names', async () => {
  const script = readFileSync('examples/pytorch/train_tutorial.py', 'utf8')
  const commands = [...script.matchAll(/^ +npx oxbow (.+)$/gm)].map(([, line]) => line)
  expect(commands.map(line => line.split(' ')[0])).toEqual(['import', 'sample'])
  for (const line of commands) {
    const words = line
      .replace('tutorial/oxbow.npy', join(folder, 'oxbow.npy'))
      .replaceAll('runs/tutorial', join(folder, 'run'))
      .replaceAll(/\btutorial\//g, `${FIXTURES}/`)
    const { code, stderr } = await runHere(words.split(' '))
    expect(code, stderr).toBe(0)
  }
  const [found, expected] = [join(folder, 'oxbow.npy'), `${FIXTURES}/samples.npy`].map(points)
  expect(found.shape).toEqual(expected.shape)
  expected.data.forEach((value, i) => {
    expect(Math.abs(found.data[i] - value)).toBeLessThan(1e-5)
  })
  // They are no noise any more: a ring of radius 2.
  const radii = Array.from({ length: 100 }, (_, i) => Math.hypot(found.data[2 * i], found.data[2 * i + 1]))
  expect(radii.reduce((a, b) => a + b, 0) / 100).toBeCloseTo(2, 0)
})
