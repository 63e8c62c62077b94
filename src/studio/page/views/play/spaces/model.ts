import { constant, simplify, spec, trace } from '../../../../../autodiff/index.ts'
import { DYNAMIC } from '../../../../../autodiff/primitive.ts'
import type { Dataset } from '../../../../../data/dataset.ts'
import { largestSymbols } from '../../../../../data/text/one-hot.ts'
import { decode } from '../../../../../data/text/symbols.ts'
import { type MapConfig, mapOf, type PointSpec, spaceOf } from '../../../../../model/index.ts'
import { random } from '../../../../../random/random.ts'
import { interpret } from '../../../../../runtime/interpret.ts'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { fromText } from '../../../../engine/bytes.ts'
import { fromHalves } from '../../../../example/half.ts'
import { spaceData } from '../../../../example/space-data.ts'
import type { SpaceName } from '../../../../example/space-maps.ts'
import { timesOf } from '../../../draw/flight.ts'
import { WAYS } from '../../../draw/ways.ts'

const FILES: Readonly<Record<SpaceName, () => Promise<{ keys: string; point: string; parameters: string }>>> =
  {
    sphere: () => import('../../../../example/spaces/sphere.ts'),
    torus: () => import('../../../../example/spaces/torus.ts'),
    words: () => import('../../../../example/spaces/words.ts'),
  }

/** Points that fly, and words that are typed. */
export const COUNTS: Readonly<Record<SpaceName, number>> = { sphere: 800, torus: 800, words: 24 }
/** Points that the share off the data is measured on. */
const MEASURED = 1000
/** Fresh points that show where the data is, and the share of them that counts as off it. */
const [FRESH, BEYOND] = [20_000, 1e-3]

type Step = (x: Float32Array, s: number, t: number) => Promise<Float32Array>

/** A trained map of a space, ready to be asked. */
interface SpaceMap {
  readonly dataset: Dataset
  readonly jump: Step
  /** One step along the velocity. */
  readonly euler: Step
}

/** One value of the map as a function of points and times, interpreted. */
function asked(value: 'jump' | 'euler', config: MapConfig, point: PointSpec, parameters: Float32Array): Step {
  const { shape } = point
  const time = [DYNAMIC, ...shape.map(() => 1)]
  const space = spaceOf(point)
  const program = interpret(
    simplify(
      trace(
        ({ x, s, t }) => {
          const map = mapOf(config, point, constant(parameters, [parameters.length]))
          return {
            y: value === 'jump' ? map.jump(x, s, t) : space.jump(x, t.sub(s).mul(map.velocity(x, s))),
          }
        },
        { x: spec([DYNAMIC, ...shape]), s: spec(time), t: spec(time) },
      ),
    ),
  )
  const size = shape.reduce((a, b) => a * b)
  return async (x, s, t) => {
    const times = (at: number) => new Float32Array(x.length / size).fill(at)
    const [y] = await program.run([x, times(s), times(t)])
    return y as Float32Array
  }
}

const opened = new Map<SpaceName, Promise<SpaceMap>>()

function open(name: SpaceName): Promise<SpaceMap> {
  const known = opened.get(name)
  if (known) return known
  const made = FILES[name]().then(({ keys, point, parameters }): SpaceMap => {
    const [config, spec] = [JSON.parse(keys) as MapConfig, JSON.parse(point) as PointSpec]
    const numbers = fromHalves(fromText(parameters))
    const step = (value: 'jump' | 'euler') => asked(value, config, spec, numbers)
    return {
      dataset: spaceData(name),
      jump: step('jump'),
      euler: step('euler'),
    }
  })
  opened.set(name, made)
  return made
}

/** Points `[n, D]` of the data. */
export function dataPoints(name: SpaceName, count = COUNTS[name]): Float32Array {
  const dataset = spaceData(name)
  const points = new Float32Array(count * dataset.dimension)
  dataset.sample(random(0, 'studio target'), points)
  return points
}

/** Texts of points that are text, and which are in the language. */
export function wordsOf(points: Float32Array): { readonly word: string; readonly isValid: boolean }[] {
  const { text, language } = spaceData('words')
  const { alphabet, length } = text!
  const tokens = largestSymbols(points, alphabet.length)
  return Array.from({ length: tokens.length / length }, (_, i) => {
    const own = tokens.subarray(i * length, (i + 1) * length)
    return { word: decode(own, text!), isValid: language!.isValid(own) }
  })
}

const leasts = new Map<SpaceName, number>()

/** The log density below which a point is off the data: a thousandth of real points have less. */
function leastDensity(name: SpaceName, { logDensity }: Dataset): number {
  const known = leasts.get(name)
  if (known !== undefined) return known
  const sorted = logDensity!(Float64Array.from(dataPoints(name, FRESH))).sort()
  const least = sorted[Math.floor(BEYOND * FRESH)]
  leasts.set(name, least)
  return least
}

/** 1 for each point that is off the data, or no word. */
function marksOf(name: SpaceName, dataset: Dataset, points: Float32Array): Uint8Array {
  if (dataset.language) return Uint8Array.from(wordsOf(points), ({ isValid }) => Number(!isValid))
  const least = leastDensity(name, dataset)
  return Uint8Array.from(dataset.logDensity!(Float64Array.from(points)), value => Number(value < least))
}

/** Points on their way from noise to data. */
export interface SpaceFlight {
  /** All of them `[n, D]` at times that are equally far apart, from 1 to 0. */
  readonly stops: readonly Float32Array[]
  /** 1 for each that ends off the data. */
  readonly marks: Uint8Array
  /** The share off the data of many more, and of real points. */
  readonly share: number
  readonly floor: number
  /** Of words: how many different ones of the language there are among these, and in it. */
  readonly kinds?: { readonly found: number; readonly all: number }
}

const flights = new Map<string, Promise<SpaceFlight>>()

/** The flight of the same noise in one of `WAYS`. */
export function flightOf(name: SpaceName, at: number): Promise<SpaceFlight> {
  const key = `${name} ${at}`
  const known = flights.get(key)
  if (known) return known
  const made = fly(name, at)
  flights.set(key, made)
  return made
}

async function fly(name: SpaceName, at: number): Promise<SpaceFlight> {
  const { dataset, ...map } = await open(name)
  const { dimension, space } = dataset
  const { method, steps } = WAYS[at]
  const times = timesOf(steps)
  const stops = [drawNoise(MEASURED, dimension, 0, space)]
  for (let i = 0; i < steps; i++) {
    stops.push(await map[method](stops[i], times[i], times[i + 1]))
    // Lets the page be drawn between two steps.
    await new Promise(resolve => setTimeout(resolve))
  }
  const all = marksOf(name, dataset, stops[steps])
  const shown = COUNTS[name]
  return {
    stops: stops.map(points => points.slice(0, shown * dimension)),
    marks: all.slice(0, shown),
    share: all.reduce((sum, mark) => sum + mark, 0) / MEASURED,
    floor: dataset.language ? 0 : BEYOND,
    ...(dataset.language?.law && {
      kinds: {
        found: new Set(wordsOf(stops[steps]).flatMap(({ word, isValid }) => (isValid ? [word] : []))).size,
        all: dataset.language.law.sequences.length,
      },
    }),
  }
}
