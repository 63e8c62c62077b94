// Solvers and grids with the exact velocity of the ring: how far their ends are from the exact ones.

import { simplify, spec, trace } from '../../dist/autodiff/index.js'
import { openDataset } from '../../dist/config/dataset.js'
import { interpolants, mixtureVelocity, predictions, timeOfRatio } from '../../dist/model/index.js'
import { interpret } from '../../dist/runtime/interpret.js'
import { solve } from '../../dist/sampler/adaptive.js'
import { drawNoise } from '../../dist/sampler/sampler.js'
import { solverOf } from '../../dist/sampler/solvers/table.js'
import { through } from '../../dist/sampler/through.js'

const COUNT = 500
/** Ratios of noise to data between which all of them go: both ends are finite on every path. */
const [LARGEST, LEAST] = [80, 0.01]

export const PATHS = ['linear', 'vp']
export const GRIDS = ['time', 'log-ratio', 'karras']
export const METHODS = ['euler', 'ddim', 'heun', 'midpoint', 'rk4', 'dpm++2m', 'edm']
export const EVALUATIONS = [8, 16, 32, 64]

const spaced = (a, b, n, to, from) =>
  Array.from({ length: n + 1 }, (_, i) => from(to(a) + ((to(b) - to(a)) * i) / n))

/** Times from the largest ratio to the least, equally spaced in something. */
function gridOf(name, path, steps) {
  if (name === 'time') {
    const [s, t] = [LARGEST, LEAST].map(r => timeOfRatio(path, r))
    return spaced(
      s,
      t,
      steps,
      x => x,
      x => x,
    )
  }
  const ratios =
    name === 'karras'
      ? spaced(
          LARGEST,
          LEAST,
          steps,
          r => r ** (1 / 7),
          r => r ** 7,
        )
      : spaced(LARGEST, LEAST, steps, Math.log, Math.exp)
  return ratios.map(r => timeOfRatio(path, r))
}

async function exactOn(path) {
  const { mixture } = await openDataset('ring')
  const graph = simplify(
    trace(({ x, t }) => mixtureVelocity(mixture, path).velocity(x, t), {
      x: spec([COUNT, 2], 'float64'),
      t: spec([COUNT, 1], 'float64'),
    }),
  )
  const program = interpret(graph)
  return async (x, t) => (await program.run([x, new Float64Array(COUNT).fill(t)]))[0]
}

/** Measures what is missing. */
export async function exactRows({ results, keep }) {
  for (const name of PATHS) {
    const path = interpolants[name]
    const velocity = await exactOn(path)
    const [first, last] = [LARGEST, LEAST].map(r => timeOfRatio(path, r))
    const sigma = (await import('../../dist/model/index.js')).coefficientsAt(path, first).sigma
    const start = Float64Array.from(drawNoise(COUNT, 2, 0), value => sigma * value)
    let exact
    for (const method of METHODS) {
      for (const grid of GRIDS) {
        for (const evaluations of EVALUATIONS) {
          const key = `exact/${name}/${method}/${grid}/${evaluations}`
          if (key in results) continue
          exact ??= await solve(velocity, start, first, last, { tolerance: 1e-10 })
          const solver = solverOf(method)
          const steps = evaluations / solver.evaluations
          const end = await through(({ x, s }) => velocity(x, s), start, gridOf(grid, path, steps), {
            path,
            prediction: predictions.velocity,
            solver,
            options: solver.options.parse({}),
            noise: (_, like) => like,
          })
          const square = end.reduce((sum, value, i) => sum + (value - exact[i]) ** 2, 0)
          keep(key, Number(Math.sqrt(square / COUNT).toPrecision(3)))
        }
      }
      console.error(`${name}, ${method}`)
    }
  }
}
