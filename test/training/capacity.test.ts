import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import { checkCapacity } from '../../src/training/capacity.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'

const folder = temporaryFolder('capacity')
const GB = 1e9

describe('what cannot fit is refused, naming the key to change', () => {
  test.each([
    [
      'too many parameters for any file',
      { network: { hidden: 8192, layers: 64 } },
      1e6,
      /^network\.hidden: \d+ parameters are more than an ONNX model can hold \(2\.15 GB\); network\.hidden 2048 fits \(found 8192\)$/,
    ],
    [
      'too many for the memory',
      { network: { hidden: 4096, layers: 8 } },
      4,
      /^network\.hidden: \d+ parameters take at least [\d.]+ GB, and there are 4\.00 GB of memory; network\.hidden \d+ fits/,
    ],
    [
      'a large batch',
      { batch: 1_000_000, network: { hidden: 256, layers: 4 } },
      8,
      /^batch: 1000000 samples in a step take at least [\d.]+ GB, .*; \d+ fit, and more with recompute: true$/,
    ],
    [
      'stored trajectories',
      { objective: 'cmt', teacher: 'exact', coupling: { pairs: 10_000_000, steps: 1000 } },
      8,
      /^coupling\.pairs: 10000000 stored trajectories take at least 80\.1 GB/,
    ],
  ])('%s', (_, user, memory, message) => {
    expect(() => checkCapacity(resolveConfig(user), plane, memory * GB)).toThrow(message)
  })

  test('and what is usual is not', () => {
    checkCapacity(resolveConfig({}), plane, GB)
    checkCapacity(
      resolveConfig({ objective: 'lsd', network: { hidden: 1024, layers: 8 }, batch: 4096 }),
      { shape: [28, 28, 1] },
      4 * GB,
    )
  })
})

test.each([
  'train --network.hidden 8192 --network.layers 64 --steps 1',
  'compare --objectives lsd --training.network.hidden 8192 --training.network.layers 64',
])('%s leaves no folder', async words => {
  const out = join(folder, 'none')
  const { code, stderr } = await runHere([...words.split(' '), '--out', out])
  expect(stderr).toMatch(/^oxbow: [^\n]*network\.hidden: \d+ parameters are more than[^\n]*\n$/)
  expect([code, existsSync(out)]).toEqual([2, false])
})
