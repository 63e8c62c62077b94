import { drawNoise } from '../../../sampler/sampler.ts'
import type { PlanePoints } from '../../engine/protocol.ts'
import { splitCloud } from '../draw/apart.ts'
import { landing } from '../draw/landing.ts'
import { lineThrough } from '../draw/svg.ts'
import { choice } from './controls.ts'
import { greyCloud, ownCloud, pointAt, strayColour } from './drawn.ts'
import type { MakeFigure } from './figure.ts'
import { data, jump, marksOf, shareOf } from './world.ts'

/** Enough that some of them miss. */
const noise = drawNoise(2000, 2, 6)

const JUMPS = { '1 jump': [1, 0], '2 jumps': [1, 0.5, 0] } as const
type Way = keyof typeof JUMPS

async function jumped(way: Way): Promise<PlanePoints> {
  const times = JUMPS[way]
  let x = noise
  for (let i = 0; i + 1 < times.length; i++) x = await jump(x, times[i], times[i + 1])
  return x
}

/** Points that miss the data, and where in the noise they come from. */
export const failsFigure: MakeFigure = changed => {
  let way: Way = '1 jump'
  let found: { readonly end: PlanePoints; readonly marks: Uint8Array } | null = null
  const compute = async (): Promise<void> => {
    const asked = way
    const end = await jumped(asked)
    if (asked !== way) return
    found = { end, marks: marksOf(end) }
    changed()
  }
  return {
    controls: [
      choice('Jumps', Object.keys(JUMPS) as Way[], way, value => {
        way = value
        void compute()
      }),
    ],
    enter: () => void compute(),
    picture() {
      if (!found) return { clouds: [greyCloud(data)], words: '' }
      const { end, marks } = found
      const strays = [...marks.keys()].filter(i => marks[i] === 1)
      return {
        clouds: [
          ...splitCloud(greyCloud(noise), marks, strayColour()),
          ...splitCloud(ownCloud(end), marks, strayColour()),
        ],
        lines: strays.map(i => lineThrough([pointAt(noise, i), pointAt(end, i)], 'missed')),
        words: `${way}: ${landing(shareOf(marks))} points land on the data. The rest are red, at their start and at their end.`,
      }
    },
  }
}
