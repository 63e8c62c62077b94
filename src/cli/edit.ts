import { join } from 'node:path'
import { random } from '../random/random.ts'
import { formatNumber, plural } from '../report/format.ts'
import { pictureSize } from '../report/sample-sheet.ts'
import { openReward } from '../serialization/point-reward.ts'
import { paths } from '../serialization/run.ts'
import { steerable } from '../serialization/steerable.ts'
import { chooseSteering, whyNotRenoised } from '../steering/choices.ts'
import { renoised } from '../steering/edit.ts'
import { rootMeanSquare } from '../steering/invert.ts'
import type { InversionName, ReturnName } from '../steering/names.ts'
import { SteeringError } from '../steering/steerable.ts'
import { steeredEdit } from '../steering/steered-edit.ts'
import { UsageError } from './failure.ts'
import { writeOutput } from './output-file.ts'
import { askedReward, rewardFor } from './reward-file.ts'
import { outputOf } from './sample-file.ts'
import type { SteerFlags } from './steer.ts'
import {
  checkFinite,
  inData,
  inversionFor,
  type OpenMap,
  openMap,
  openPosterior,
  readFor,
  returnFor,
  toData,
  toNoise,
  withMap,
} from './steering-map.ts'
import { overwrite } from './terminal.ts'

interface EditFlags extends Omit<SteerFlags, 'method' | 'count'> {
  readonly data: string
  readonly renoise?: number
  readonly to?: string
  readonly from?: number
  readonly particles?: number
  readonly method?: InversionName
  readonly back?: ReturnName
}

type Read = Awaited<ReturnType<typeof readFor>>

/** What an edit gives: points in the data's own units, and what is said of them. */
interface Edited {
  readonly points: Float32Array
  readonly says: string
  readonly found: Readonly<Record<string, unknown>>
}

/** Noise up to a time, and back. */
async function byNoise({ map }: OpenMap, { seen }: Read, flags: EditFlags): Promise<Edited> {
  const tau = flags.renoise!
  const why = whyNotRenoised(map.objective, tau)
  if (why) throw new SteeringError(`--renoise: ${why}`)
  const points = await renoised(steerable(map), seen, tau, random(flags.seed, 'edit'))
  return { points: inData(map, points), says: `noise up to ${tau} and back`, found: { renoise: tau } }
}

/** Noise by one map, data by another. */
async function byTranslation({ map, runtime }: OpenMap, { seen }: Read, flags: EditFlags): Promise<Edited> {
  const to = flags.to!
  const method = inversionFor(map, flags.method)
  const other = await openMap(to, { weights: flags.weights })
  try {
    if (other.map.dimension !== map.dimension) {
      throw new UsageError(
        `--to: ${to} has points of ${other.map.dimension} coordinates, found ${map.dimension}`,
      )
    }
    const back = returnFor(to, other.map, flags.back)
    const { noise } = await toNoise(map, runtime, seen, method, flags)
    const points = inData(other.map, await toData(other.map, noise, { back, steps: flags.steps }))
    return {
      points,
      says: `to the data of ${to}, by ${method} and back by ${back}`,
      found: { to, method, back },
    }
  } finally {
    await other.map.close()
  }
}

/** Noise up to a time, and steered back. */
async function byReward({ map, runtime }: OpenMap, { seen }: Read, flags: EditFlags): Promise<Edited> {
  const { from = 0.6, steps = 16, seed } = flags
  const asked = askedReward(flags)
  const reward = await rewardFor(asked, map)
  const grid = Array.from({ length: steps + 1 }, (_, i) => from * (1 - i / steps))
  if (flags.kernel === 'noise') {
    throw new UsageError('--kernel: noise tilts all samples together; an edit takes another one')
  }
  const choices = chooseSteering(map.objective, grid, { ...flags, method: 'particles' })
  const { posterior, close } = await openPosterior(flags.posterior, map, runtime, seed)
  const opened = await openReward(reward, map, runtime, asked.where)
  const { points, ess, resampled, evaluations } = await steeredEdit(steerable(map), opened, seen, {
    ...flags,
    ...choices,
    posterior,
    from,
    steps,
    seed,
    progress: done => overwrite(`editing: ${Math.round((100 * done) / steps)}%`),
  }).finally(() => overwrite(''))
  const mean = async (x: Float32Array) => {
    const values = Array.from(await opened.value(x))
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const meanReward = { before: await mean(seen), after: await mean(points) }
  await opened.close()
  await close()
  const number = (value: number) => formatNumber(value, 3)
  return {
    points: inData(map, points),
    says: `steered from ${from}; mean reward ${number(meanReward.before)} before, ${number(meanReward.after)} after`,
    found: { from, ...choices, beta: flags.beta ?? 1, steps, meanReward, ess, resampled, evaluations },
  }
}

/** Options of edits towards a reward alone. */
const STEERING = [
  'from',
  'particles',
  'beta',
  'kernel',
  'lookAhead',
  'schedule',
  'samples',
  'innerSteps',
  'posterior',
  'threshold',
  'resampling',
  'eta',
] as const

/** @throws UsageError for an option that would do nothing */
function checkFlags(flags: EditFlags, isSteered: boolean): void {
  const named = STEERING.find(name => flags[name] !== undefined)
  const word = named?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  if (named && !isSteered)
    throw new UsageError(`--${word}: only applies to edits towards a reward; add --reward or --observe`)
  if (flags.from === 0)
    throw new UsageError('--from: expected a time above 0, up to which points are noised; found 0')
  if (flags.method !== undefined && flags.to === undefined) {
    throw new UsageError('--method: says how points go to noise; give --to RUN')
  }
  if (flags.back !== undefined && flags.to === undefined) {
    throw new UsageError('--back: says how noise goes to data; give --to RUN')
  }
}

/** `oxbow edit`. */
export async function editCommand(path: string, flags: EditFlags): Promise<void> {
  const isSteered = flags.reward !== undefined || flags.observe !== undefined
  const ways = [
    { asked: flags.renoise !== undefined, way: byNoise },
    { asked: flags.to !== undefined, way: byTranslation },
    { asked: isSteered, way: byReward },
  ].filter(({ asked }) => asked)
  if (ways.length !== 1) {
    throw new UsageError('expected one of --renoise 0.4, --to RUN, and --reward or --observe with --from 0.6')
  }
  const [{ way }] = ways
  checkFlags(flags, isSteered)
  const output = outputOf(path, flags.out, 'edit', () => join(paths(path).samples, 'edited.csv'))
  await withMap(path, flags, async open => {
    const { map, evaluations } = open
    const read = await readFor(path, flags.data, map)
    const { points, says, found } = await way(open, read, flags)
    checkFinite(path, points)
    const { dimension, shape } = map
    const size = output.isDrawn ? pictureSize(shape) : undefined
    const title = `${path}: ${flags.data} edited`
    const content = await output.encode(points, { dimension, columns: read.columns, size, title })
    const say = writeOutput(output.file, content, flags.out === undefined)
    const count = points.length / dimension
    const moved = rootMeanSquare(points, read.own, dimension)
    if (flags.json)
      return say(JSON.stringify({ file: output.file, count, moved, seed: flags.seed, evaluations, ...found }))
    say(`${output.file}: ${plural(count, 'point')}, ${says}`)
    say(`moved by ${formatNumber(moved, 3)} (root mean square of a point's distance, in the data's units)`)
    const { forward } = (found.evaluations ?? evaluations) as { forward: number }
    say(`cost of a point: ${formatNumber(forward / count, 1)} forward`)
  })
}
