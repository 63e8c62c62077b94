import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { playersOfRow } from '../../src/config/round.ts'
import { objectives } from '../../src/objective/index.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('turns')

const rows = [...objectives.values()].filter(
  row => row.turns && playersOfRow(row, row.options.parse({})).length > 0,
)

test.each(rows)('every network of $id learns in a step', async ({ id, needs }) => {
  const user: UserConfig = {
    ...{ ...tiny, objective: id, data: 'ring', batch: 16, logEvery: 1 },
    network: { ...tiny.network, layers: 2 },
    ...(needs.includes('teacher') && { teacher: 'exact' }),
  }
  const directory = join(folder, id)
  const vectors = async (steps: number, resume: boolean) => {
    await train(resume ? { steps } : { ...user, steps }, { directory, resume })
    const found = newestCheckpoint(directory)
    return Object.entries(found).filter(([name]) => name.endsWith('.parameters'))
  }
  const before = await vectors(1, false)
  const after = Object.fromEntries(await vectors(2, true))
  expect(before.length).toBeGreaterThan(1)
  for (const [name, { data }] of before) {
    const moved = Array.from(data as Float32Array, (value, i) =>
      Math.abs(value - Number(after[name].data[i])),
    )
    // Adam's second step is about as long as its rate.
    expect(Math.max(...moved), name).toBeGreaterThan(1e-4)
  }
})
