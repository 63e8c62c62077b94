import { expect, test } from 'vitest'
import { constant, evaluate, simplify, trace } from '../../src/autodiff/index.ts'
import { clippedPath, flowMap, interpolants, pathOf } from '../../src/model/index.ts'
import { flat } from '../../src/model/space.ts'
import { flowMatching } from '../../src/objective/diagonal.ts'
import { comparing, type Draw, squaredError } from '../../src/objective/loss.ts'

const LEAST = 0.05
const column = (values: readonly number[]) => constant(values, [values.length, 1], 'float64')
const times = [0.01, 0.03, 0.05, 0.4, 1]
const [x0, eps, s] = [[0.3, -1, 0.8, 0.2, -0.5], [1.2, 0.7, -0.9, -0.4, 1], times].map(column)

/** Losses of the network that gives the data itself, which no point tells. */
function losses(clipped: boolean): number[] {
  const path = pathOf(interpolants.linear, x0, eps)
  const draw = {
    map: flowMap(() => x0, { parameterization: 'denoised', least: LEAST }),
    path: clipped ? clippedPath(path, LEAST) : path,
    s,
    ...comparing(flat, squaredError),
  } as unknown as Draw
  const graph = simplify(trace(() => ({ loss: flowMatching(draw) }), {}))
  return [...evaluate(graph, [])[0].data]
}

test('a denoised network that is right has no loss, below the least time too (O17)', () => {
  expect(Math.max(...losses(true))).toBeLessThan(1e-28)
  const plain = losses(false)
  // Without the clip it is pulled away where it divides by more than the time.
  expect(Math.min(...plain.slice(0, 2))).toBeGreaterThan(0.1)
  expect(Math.max(...plain.slice(2))).toBeLessThan(1e-28)
})
