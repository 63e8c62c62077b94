import { ConfigError, findObjective } from '../config/index.ts'
import { pictureShape } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { type LossMap, measureLoss } from '../evaluation/loss-map.ts'
import type { PlannedSample } from '../evaluation/planned-samples.ts'
import { measureResiduals } from '../metric/residuals.ts'
import { interpolants, spaceOf } from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import { random } from '../random/random.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { SolveError } from '../sampler/adaptive.ts'
import { exampleOf } from '../serialization/conditions.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { asRowMap } from '../serialization/model.ts'
import { RunError } from '../serialization/run.ts'
import { gatherPaths } from './jump-paths.ts'
import type { Diagnostics, ResidualMap } from './types.ts'

/** Points that a residual is averaged over; fewer where a row holds many numbers, each of which counts. */
const RESIDUAL_POINTS = 512
const RESIDUAL_NUMBERS = 2 ** 14
/** Samples that a loss is averaged over, and the fewest of points that hold many numbers. */
const LOSS_DRAWS = 2 ** 14
const LOSS_NUMBERS = 2 ** 19
const LEAST_DRAWS = 2 ** 11

/** A run to look into. */
export interface Subject {
  readonly directory: string
  readonly map: LoadedMap
  /** As the network sees it. */
  readonly seen: StandardizedDataset
  /** Ways to sample whose paths are drawn. */
  readonly samples: readonly PlannedSample[]
  readonly seed: number
}

async function residualsOf({ map, seen, seed }: Subject, runtime: Runtime): Promise<ResidualMap[]> {
  const { dimension } = seen
  const count = Math.max(32, Math.min(RESIDUAL_POINTS, Math.floor(RESIDUAL_NUMBERS / dimension)))
  const data = new Float64Array(count * dimension)
  seen.sample(random(seed, 'report', 'residuals'), data)
  const { space } = seen
  const noise = new Float32Array(data.length)
  spaceOf({ space }).noise.draw(random(seed, 'report', 'residual noise'), noise, dimension)
  // A network for pictures takes many times as long in float64, and what is drawn has three digits.
  const dtype = pictureShape(seen) || runtime.slowInDouble ? 'float32' : 'float64'
  const grids = await measureResiduals(asRowMap(map.model!, dtype), {
    dtype,
    dimension,
    interpolant: interpolants[map.interpolant],
    ...(space !== undefined && { space }),
    data,
    noise,
    compile: runtime.compile,
  })
  return [
    { name: 'semigroup', ...grids.semigroup },
    { name: 'Lagrangian', ...grids.lagrangian },
    { name: 'Eulerian', ...grids.eulerian },
  ]
}

/** A loss needs what the run learned from; where that is gone, the reader is told. */
async function lossesOf({ directory, seen }: Subject, runtime: Runtime): Promise<LossMap[] | string> {
  const draws = Math.min(LOSS_DRAWS, Math.max(LEAST_DRAWS, Math.floor(LOSS_NUMBERS / seen.dimension)))
  try {
    return await measureLoss(runtime, directory, seen, { draws })
  } catch (error) {
    const expected = [ConfigError, DataError, RunError].some(kind => error instanceof kind)
    if (!expected) throw error
    return `The loss by time is left out: ${(error as Error).message}.`
  }
}

/** Looks into a trained run: its jumps beside the ODE, its residuals and its loss over time. */
export async function diagnose(subject: Subject): Promise<Diagnostics> {
  const { map, seen, samples, seed } = subject
  const { id, jumps } = findObjective(map.objective!)
  const noJumps = whyNoJumps(id)
  const example = map.needsCondition && map.condition ? exampleOf(map.condition) : undefined
  const one = example ? map.given(example.given) : map
  // Its graphs are of float64, which the processor alone has.
  const runtime = nodeRuntime()
  const noPicture = seen.text
    ? 'text on its way from noise is probabilities of symbols, which have no place in a plane'
    : undefined
  const paths =
    noJumps ??
    noPicture ??
    (await gatherPaths(one, seen, samples, seed, runtime).catch((error: Error) => {
      // A map that has run away leads nowhere, and the rest of the report is worth having.
      if (error instanceof SolveError) return error.message
      throw error
    }))
  const anyJump = (jumps === 'any' || jumps === 'both-ways') && !example && !noJumps
  const losses = await lossesOf(subject, runtime)
  const notes = [
    ...(typeof paths === 'string' ? [`The paths are left out: ${paths}.`] : []),
    ...(example
      ? [
          `Paths are those of ${example.name}; residuals are left out: they need a map of the data as a whole.`,
        ]
      : []),
    ...(noJumps ? [`Residuals are left out: ${noJumps}.`] : []),
    ...(anyJump || example || noJumps
      ? []
      : [
          `Residuals are left out: ${id} is trained ${jumps === 'to-data' ? 'to end at data only' : 'to start from noise only'}, and they compare jumps between any times.`,
        ]),
    ...(typeof losses === 'string' ? [losses] : []),
  ]
  return {
    paths: typeof paths === 'string' ? null : paths,
    residuals: anyJump ? await residualsOf(subject, runtime) : [],
    losses: typeof losses === 'string' ? [] : losses,
    notes,
  }
}
