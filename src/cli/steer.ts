import { join } from 'node:path'
import { type TiltedTarget, tiltedTarget } from '../evaluation/steered.ts'
import { operatorOf } from '../objective/rewards/operators.ts'
import { mostOnSheet, pictureSize } from '../report/sample-sheet.ts'
import { drawNoise, uniformGrid } from '../sampler/sampler.ts'
import type { OpenReward } from '../serialization/formula-reward.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { openReward, type SteeringReward } from '../serialization/point-reward.ts'
import { paths, RunError } from '../serialization/run.ts'
import { steerable } from '../serialization/steerable.ts'
import type { AdaptedResult } from '../steering/adapted.ts'
import { type Choices, chooseSteering } from '../steering/choices.ts'
import type { SteeringMethod } from '../steering/names.ts'
import { type SteerOptions, type SteerResult, steer } from '../steering/steer.ts'
import type { PosteriorSampler } from '../steering/steerable.ts'
import { UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'
import { writeOutput } from './output-file.ts'
import { askedReward, rewardFor } from './reward-file.ts'
import { outputOf } from './sample-file.ts'
import { openAdapted } from './steer-adapted.ts'
import { type Distances, steeringLines } from './steer-report.ts'
import { inData, type MapFlags, openMap, openPosterior } from './steering-map.ts'
import { note, overwrite } from './terminal.ts'
import { timesOf } from './way.ts'

/** What `steer` of the library takes, but for what a command line gives in another form or not at all. */
type Steering = Omit<SteerOptions, 'grid' | 'posterior' | 'progress'>

export interface SteerFlags extends MapFlags, Steering {
  readonly reward?: string
  readonly observe?: string
  /** File of a noise adapter, which draws in place of a method. */
  readonly adapter?: string
  readonly steps?: number
  readonly grid?: AskedGrid
  readonly count?: number
  /** A run whose jumps are the posterior samples. */
  readonly posterior?: string
  readonly out?: string
  readonly json?: boolean
}

/** Samples where nobody says. */
const POINTS = 2000
const PICTURES = 64
/** Jumps of particles and guided flows; a filter and the best of some take one. */
const STEPS = 16

function gridOf({ grid, steps, method }: SteerFlags, map: LoadedMap): readonly number[] {
  if (grid) return timesOf(grid, map.interpolant)
  const isOnce = method === 'filter' || method === 'best'
  const few = isOnce && map.objective !== 'flow-matching'
  return uniformGrid(steps ?? (few ? 1 : STEPS))
}

/** How many points are drawn for `count` samples. */
const candidatesOf = (method: SteeringMethod, samples: number | undefined): number =>
  method === 'filter' ? (samples ?? 1) : method === 'best' ? (samples ?? 4) : 1

/** How samples are drawn, and of how much noise. */
interface Way {
  readonly choices: Choices | { readonly method: 'adapter' }
  readonly grid: readonly number[]
  /** Points that are drawn for a sample. */
  readonly candidates: number
  run(
    reward: OpenReward,
    noise: Float32Array,
    posterior: PosteriorSampler | undefined,
  ): Promise<SteerResult & Partial<AdaptedResult>>
}

/** @throws UsageError for an option that would do nothing */
function checkFlags({ lambda, clip, lookAhead }: SteerFlags, { method, kernel }: Choices): void {
  const refuse = (option: string, why: string): never => {
    throw new UsageError(`--${option}: ${why}`)
  }
  if (method !== 'guided') {
    if (lambda !== undefined) refuse('lambda', 'is only for guided flows; add --method guided')
    if (clip !== undefined) refuse('clip', 'is only for guided flows; add --method guided')
  }
  if (method === 'guided' && lookAhead === 'none')
    refuse('look-ahead', 'with none, a guided flow is not steered; choose another')
  if (method === 'particles' && kernel === 'noise' && lookAhead !== undefined) {
    refuse('look-ahead', 'the kernel noise uses the reward directly and has no look-ahead')
  }
}

/** What a user should hear of samples that are not what they seem. */
function warnings(
  { meanReward: { before, after }, ancestors, isSample }: SteerResult,
  count: number,
): string[] {
  return [
    ...(after < before && isSample === false
      ? [
          'the reward fell: the steering overshoots; give more --steps, a smaller --beta, or of an observation --schedule anneal',
        ]
      : []),
    ...(ancestors !== undefined && count > 1 && ancestors * count < 1.5
      ? [
          'all samples come from one of the first particles; give more --count or --steps, or a smaller --beta',
        ]
      : []),
  ]
}

function wayOf(map: LoadedMap, reward: SteeringReward, flags: SteerFlags): Way {
  if (flags.adapter !== undefined) {
    const run = openAdapted(flags.adapter, map, reward)
    return { choices: { method: 'adapter' }, grid: [1, 0], candidates: 1, run }
  }
  const grid = gridOf(flags, map)
  const choices = chooseSteering(map.objective, grid, flags)
  checkFlags(flags, choices)
  const progress = (done: number) => overwrite(`steering: ${Math.round((100 * done) / (grid.length - 1))}%`)
  return {
    choices,
    grid,
    candidates: candidatesOf(choices.method, flags.samples),
    run: (opened, noise, posterior) =>
      steer(steerable(map), opened, noise, { ...flags, ...choices, posterior, grid, progress }).finally(() =>
        overwrite(''),
      ),
  }
}

/** `oxbow steer`. */
export async function steerCommand(path: string, flags: SteerFlags): Promise<void> {
  const { seed, json, out } = flags
  const asked = askedReward(flags)
  if (flags.adapter !== undefined && flags.observe === undefined) {
    throw new UsageError('--adapter: knows the noise of observations; give one with --observe')
  }
  const output = outputOf(path, out, 'steer', () => join(paths(path).samples, `steered-seed-${seed}.csv`))
  const { map, runtime } = await openMap(path, flags)
  try {
    const reward = await rewardFor(asked, map)
    const { choices, grid, candidates, run } = wayOf(map, reward, flags)
    const { method } = choices
    const beta = flags.beta ?? 1
    const { dimension, shape } = map
    const size = pictureSize(shape)
    const count = flags.count ?? (size ? PICTURES : POINTS)
    if (output.isDrawn && size && count > mostOnSheet(size, undefined)) {
      throw new UsageError(`--count: a sheet holds ${mostOnSheet(size, undefined)} pictures, found ${count}`)
    }
    const { posterior, close } = await openPosterior(flags.posterior, map, runtime, seed)
    const opened = await openReward(reward, map, runtime, asked.where)
    const noise = drawNoise(count * candidates, dimension, seed)
    const intervals = grid.length - 1
    const result = await run(opened, noise, posterior)
    await opened.close()
    await close()
    if (!result.points.every(Number.isFinite)) {
      throw new RunError(`${path}: steering gave samples that are not finite numbers; nothing was written`)
    }
    const points = inData(map, result.points)
    const isWhole = flags.guidance === undefined && flags.class === undefined && flags.vector === undefined
    overwrite('measuring')
    const target =
      reward.kind === 'onnx'
        ? 'the reward is a file'
        : !isWhole
          ? 'the map is told a condition'
          : count < 2
            ? 'one sample has no distance to a law'
            : await tiltedTarget(map, reward, beta, count, seed)
    overwrite('')
    const title = `${path}: steered, ${method}`
    const content = await output.encode(points, {
      dimension,
      columns: map.columns,
      ...(size && { size }),
      title,
    })
    const say = writeOutput(output.file, content, out === undefined)
    const found = {
      file: output.file,
      count,
      ...choices,
      beta,
      steps: intervals,
      seed,
      ...reported(result),
      ...(reward.kind === 'observation' &&
        result.logZ !== undefined && { logEvidence: result.logZ - logNormaliser(reward, shape) }),
      ...(reward.kind === 'observation' &&
        result.bound !== undefined && { evidenceBound: result.bound - logNormaliser(reward, shape) }),
      ...(typeof target === 'string'
        ? { target: null, why: target }
        : { target: { logZ: target.logZ, logZError: target.logZError } }),
      meanReward: {
        ...result.meanReward,
        ...(typeof target !== 'string' && { target: target.meanReward }),
      },
      ...(typeof target !== 'string' && {
        metrics: measured(target, inData(map, result.before), points),
      }),
      ...(flags.clip !== undefined && { clip: flags.clip }),
    }
    for (const text of warnings(result, count)) note(`oxbow: ${text}`)
    if (json) return say(JSON.stringify(found))
    for (const line of steeringLines(found, result, count)) say(line)
    if (!result.isSample && method === 'best') {
      note('oxbow: the best of some has another law than the tilted one; the filter has that')
    }
    if (flags.clip !== undefined)
      note('oxbow: --clip: the result is no longer a sample of the tilted distribution')
  } finally {
    await map.close()
  }
}

/** `(m/2) log(2 pi sd^2)`, by which the logarithm of the evidence is below that of the mean of the unnormalised likelihood. */
function logNormaliser(
  { operator, sd }: { readonly operator: Parameters<typeof operatorOf>[0]; readonly sd: number },
  shape: readonly number[],
): number {
  return (operatorOf(operator, shape).size * Math.log(2 * Math.PI * sd * sd)) / 2
}

/** What JSON holds of a result beside its points. */
function reported({ points, before, meanReward, bound, ...known }: SteerResult & Partial<AdaptedResult>) {
  return known
}

/** Distances to the exact law before and after, beside what exact samples have. */
function measured(target: TiltedTarget, before: Float32Array, after: Float32Array): Distances {
  const [first, last] = [target.measure(before), target.measure(after)]
  return Object.fromEntries(
    Object.entries(last).map(([name, estimate]) => [
      name,
      {
        before: first[name].value,
        after: estimate.value,
        interval: estimate.interval,
        floor: target.floors[name].value,
      },
    ]),
  )
}
