import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('other-symbols')
const at = (name: string) => join(folder, name)
const tiny: UserConfig = { steps: 2, batch: 16, network: { hidden: 8 } }

/** Forty lines of three symbols out of three. */
function lines(name: string, symbols: string): string {
  const text = Array.from({ length: 40 }, (_, i) => [i, i >> 1, i >> 2].map(k => symbols[k % 3]).join(''))
  writeFileSync(at(name), text.join('\n'))
  return at(name)
}

beforeAll(async () => {
  await train(
    { ...tiny, data: lines('abc.txt', 'abc'), objective: 'cross-entropy' },
    { directory: at('abc') },
  )
})

describe('a run of other symbols', () => {
  const other = () => ({ ...tiny, data: lines('xyz.txt', 'xyz') })

  test('is no start, though it is as large', async () => {
    const asked = { ...other(), objective: 'cross-entropy', initFrom: at('abc') }
    await expect(train(asked, { directory: at('started') })).rejects.toThrow(
      /initFrom: .* has the symbol "x", which is not in the alphabet of the run/,
    )
  })

  test('is no teacher', async () => {
    const asked = {
      ...other(),
      objective: 'psd-simplex',
      teacher: at('abc'),
      diagonal: { objective: 'teacher-velocity' },
    }
    await expect(train(asked, { directory: at('taught') })).rejects.toThrow(/teacher: .* has the symbol "x"/)
  })

  test('of the same it is both', async () => {
    const same = { ...tiny, data: lines('more.txt', 'abc'), objective: 'psd-simplex', initFrom: at('abc') }
    await train(
      {
        ...same,
        network: { ...tiny.network, conditioning: 's,t' },
        teacher: at('abc'),
        diagonal: { objective: 'teacher-velocity' },
      },
      { directory: at('same') },
    )
  })
})
