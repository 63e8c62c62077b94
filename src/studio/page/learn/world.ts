import { pointOf } from '../../../config/index.ts'
import { strayRule } from '../../../metric/strays.ts'
import { random } from '../../../random/random.ts'
import { interpret } from '../../../runtime/interpret.ts'
import { drawNoise } from '../../../sampler/sampler.ts'
import { fromText } from '../../engine/bytes.ts'
import { exactVelocityGraph, solveThrough } from '../../engine/exact.ts'
import { mapGraph } from '../../engine/map-graph.ts'
import type { PlanePoints } from '../../engine/protocol.ts'
import { configOf } from '../../engine/session.ts'
import { targetDataset } from '../../engine/target.ts'
import { fromHalves } from '../../example/half.ts'
import { averaged } from '../../example/ring.ts'
import { trainedBy } from '../../example/trained-by.ts'

/** Points of a cloud: those that are interpreted without an engine take no time that is felt. */
const COUNT = 600

const dataset = targetDataset(trainedBy.target)
export const data: PlanePoints = new Float32Array(2 * COUNT)
dataset.sample(random(0, 'article'), data)
export const noise: PlanePoints = drawNoise(COUNT, 2, 1)

const filled = (length: number, value: number) => new Float32Array(length).fill(value)

const exact = interpret(exactVelocityGraph(dataset.mixture!, trainedBy.interpolant))

const solverVelocity = async (x: Float64Array, t: number): Promise<Float64Array> =>
  (await exact.run([x, new Float64Array(x.length / 2).fill(t)]))[0] as Float64Array

/** The exact velocity of the ring, of points at one time. */
export const velocity = async (x: PlanePoints, t: number): Promise<PlanePoints> =>
  Float32Array.from(await solverVelocity(Float64Array.from(x), t))

/** Where the exact flow carries points, at each of some times that fall from the first. */
export const carried = (x: PlanePoints, times: readonly number[]): Promise<PlanePoints[]> =>
  solveThrough(solverVelocity, x, times, true)

const config = configOf(trainedBy, trainedBy.stages.at(-1)!, true)
const parameters = fromHalves(fromText(averaged))
const program = interpret(mapGraph(config, pointOf(config, dataset), 'jump'))

/** The trained map of the ring that comes with the page. */
export async function jump(x: PlanePoints, s: number, t: number): Promise<PlanePoints> {
  const count = x.length / 2
  return (await program.run([parameters, x, filled(count, s), filled(count, t)]))[0] as PlanePoints
}

const rule = strayRule(dataset)

/** 1 for each point off the data. */
export const marksOf = (points: PlanePoints): Uint8Array => rule(points)

/** The share of points off the data, 0 to 1. */
export const shareOf = (marks: Uint8Array): number =>
  marks.reduce((sum, mark) => sum + mark, 0) / marks.length
