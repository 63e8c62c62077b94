import { join } from 'node:path'
import { plural } from '../report/format.ts'
import { pictureSize } from '../report/sample-sheet.ts'
import { paths } from '../serialization/run.ts'
import { mixed, slerp, straight } from '../steering/edit.ts'
import { rootMeanSquare } from '../steering/invert.ts'
import type { InversionName, PathName, ReturnName } from '../steering/names.ts'
import { UsageError } from './failure.ts'
import { writeOutput } from './output-file.ts'
import { outputOf } from './sample-file.ts'
import {
  checkFinite,
  inData,
  inversionFor,
  type MapFlags,
  readFor,
  returnFor,
  saysRoundTrip,
  toData,
  toNoise,
  withMap,
} from './steering-map.ts'

interface InterpolateFlags extends MapFlags {
  readonly between: readonly string[]
  readonly points: number
  readonly path?: PathName
  readonly mix?: readonly number[]
  readonly method?: InversionName
  readonly back?: ReturnName
  readonly steps?: number
  readonly seed: number
  readonly out?: string
  readonly json?: boolean
}

/** From so many coordinates on the arc keeps the law of the noise well enough; see `slerp`. */
const MANY = 16

/** @throws UsageError for coordinates that a point does not have, or that are named twice */
function checkMix(mix: readonly number[], dimension: number): void {
  const wrong = mix.find(k => !Number.isInteger(k) || k < 0 || k >= dimension)
  if (wrong !== undefined) {
    throw new UsageError(`--mix: expected coordinates from 0 to ${dimension - 1}, found ${wrong}`)
  }
  const twice = mix.find((k, i) => mix.indexOf(k) < i)
  if (twice !== undefined) {
    throw new UsageError(
      `--mix: expected the coordinates to take from the second, each once, found ${twice} twice`,
    )
  }
}

/** `oxbow interpolate`. */
export async function interpolateCommand(path: string, flags: InterpolateFlags): Promise<void> {
  const { between, points: count, mix, out, json } = flags
  if (between.length !== 2) {
    throw new UsageError(`--between: expected two files, such as a.csv b.csv, found ${between.length}`)
  }
  const output = outputOf(path, out, 'interpolate', () => join(paths(path).samples, 'between.csv'))
  await withMap(path, flags, async ({ map, runtime, evaluations }) => {
    const { dimension } = map
    if (mix) checkMix(mix, dimension)
    const [a, b] = [await readFor(path, between[0], map), await readFor(path, between[1], map)]
    if (a.own.length !== b.own.length) {
      throw new UsageError(
        `--between: expected as many points in both, found ${a.own.length / dimension} and ${b.own.length / dimension}`,
      )
    }
    const method = inversionFor(map, flags.method)
    const back = returnFor(path, map, flags.back)
    const [from, to] = [
      (await toNoise(map, runtime, a.seen, method, flags)).noise,
      (await toNoise(map, runtime, b.seen, method, flags)).noise,
    ]
    const way = flags.path ?? (dimension < MANY ? 'straight' : 'slerp')
    const parts = mix
      ? [from, mixed(from, to, mix, dimension), to]
      : Array.from({ length: count }, (_, i) => {
          const u = i / (count - 1)
          return way === 'slerp' ? slerp(from, to, u, dimension) : straight(from, to, u)
        })
    const ends = await Promise.all(parts.map(noise => toData(map, noise, { back, steps: flags.steps })))
    const pairs = a.own.length / dimension
    const points = new Float32Array(pairs * parts.length * dimension)
    for (let pair = 0; pair < pairs; pair++) {
      for (const [i, end] of ends.entries()) {
        points.set(
          inData(map, end).subarray(pair * dimension, (pair + 1) * dimension),
          (pair * parts.length + i) * dimension,
        )
      }
    }
    checkFinite(path, points)
    const size = output.isDrawn ? pictureSize(map.shape) : undefined
    // A row of a sheet for each pair.
    const rows = size && { classes: Array.from({ length: pairs }, (_, i) => String(i + 1)) }
    const title = `${path}: from ${between[0]} to ${between[1]}`
    const content = await output.encode(points, { dimension, columns: a.columns, size, title, ...rows })
    const say = writeOutput(output.file, content, out === undefined)
    const roundTrip =
      Math.hypot(
        rootMeanSquare(inData(map, ends[0]), a.own, dimension),
        rootMeanSquare(inData(map, ends.at(-1)!), b.own, dimension),
      ) / Math.SQRT2
    const how = mix ? { mix } : { path: way }
    if (json) {
      return say(
        JSON.stringify({
          file: output.file,
          pairs,
          points: parts.length,
          method,
          back,
          ...how,
          roundTrip,
          evaluations,
        }),
      )
    }
    say(
      `${output.file}: ${plural(pairs, 'pair')}, ${plural(parts.length, 'point')} each, ${mix ? 'coordinates mixed' : way} in noise, by ${method} and back by ${back}`,
    )
    say(saysRoundTrip('round trip of the ends', roundTrip))
  })
}
