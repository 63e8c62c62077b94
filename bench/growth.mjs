// How the compiled engine's costs grow, with exponents: the tables of docs/performance.md.
//
//   npm run build:cli && npm run build:native && node bench/growth.mjs [AXIS]
//
// Of one `psd` step on one thread: milliseconds to derive and simplify its graph, to plan and open it, and of a step; and the
// memory that the program holds. An exponent p is the slope of log cost over log size, by least squares over all sizes of the axis
// and of its last two: doubling the size takes 2^p times as long. Times are the least of several.
import { constant, simplify, spec, trace } from '../dist/autodiff/index.js'
import { pointOf, resolveConfig } from '../dist/config/index.js'
import { planOf } from '../dist/runtime/cpu/emit.js'
import { encode } from '../dist/runtime/cpu/encode.js'
import { openScan } from '../dist/runtime/cpu/engine.js'
import { findNative } from '../dist/runtime/cpu/native.js'
import { placeRows } from '../dist/runtime/cpu/placing.js'
import { buildStep } from '../dist/training/step.js'

const native = findNative()
if (!native) {
  console.error('growth: the compiled engine is not here; npm run build:native builds it')
  process.exit(2)
}
const ring = (network, batch = 512) => ({ objective: 'psd', batch, network: { frequencies: 8, ...network } })
const dit = (size, own = {}) => ({
  objective: 'psd',
  batch: 16,
  data: { glyphs: { size } },
  network: { kind: 'dit', patch: 4, width: 64, depth: 2, heads: 4, ...own },
})
/** Sizes of each axis, and the training of one. */
const AXES = {
  batch: { sizes: [256, 1024, 4096, 16384, 65536], of: n => [ring({}, n), [2]] },
  width: { sizes: [64, 128, 256, 512, 1024], of: n => [ring({ hidden: n }), [2]] },
  depth: { sizes: [2, 4, 8, 16, 32], of: n => [ring({ layers: n, hidden: 64 }), [2]] },
  dimension: { sizes: [2, 8, 32, 128, 512, 2048], of: n => [ring({}), [n]] },
  'tokens of a transformer': { sizes: [4, 16, 64, 256], of: n => [dit(4 * Math.sqrt(n)), undefined] },
  'depth of a transformer': { sizes: [2, 4, 8, 16], of: n => [dit(16, { depth: n }), undefined] },
}

const least = (times, work) => {
  let best = Infinity
  for (let i = 0; i < times; i++) {
    const from = performance.now()
    work()
    best = Math.min(best, performance.now() - from)
  }
  return best
}

/** Values for all inputs of a graph: small, and positive, so that roots are finite. */
const valuesOf = graph =>
  graph.inputs.map(({ shape, dtype }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return dtype === 'int64' ? new BigInt64Array(size) : new Float32Array(size).fill(0.01)
  })

async function measure([user, shape]) {
  const config = resolveConfig(user)
  const size = user.data?.glyphs.size
  const point = shape ? { shape } : pointOf(config, { dimension: size * size, shape: [size, size, 1] })
  const make = () => buildStep(config, point)
  const derive = least(3, make)
  const { graph, state } = make()
  let encoded
  const plan = least(3, () => {
    encoded = encode(planOf(placeRows(graph, state.length)))
  })
  const program = openScan(native, graph, state.length, { threads: 1 })
  const inputs = valuesOf(graph)
  let step = Infinity
  const end = performance.now() + 1000
  do {
    const from = performance.now()
    await program.run(inputs)
    step = Math.min(step, performance.now() - from)
  } while (performance.now() < end)
  await program.close()
  const { words, constants, memory, arena, part, scratch } = encoded
  // Of rows that are gathered in four parts at least; see src/runtime/cpu/engine.ts.
  const parts = config.batch >= 4096 ? 16 : config.batch >= 1024 ? 8 : 4
  const floats = words.length + constants.length + memory + arena + scratch + part * parts
  return { nodes: graph.nodes.length, derive, plan, step, memory: (4 * floats) / 2 ** 20 }
}

/** Slope of a line through points. */
function slope(points) {
  const mean = i => points.reduce((sum, point) => sum + point[i], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return over / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}

const COSTS = {
  nodes: 'nodes',
  derive: 'derive, ms',
  plan: 'plan, ms',
  step: 'step, ms',
  memory: 'memory, MiB',
}

function table(axis, sizes, rows, costs = Object.keys(COSTS)) {
  const line = cells => console.log(`| ${cells.join(' | ')} |`)
  line([axis, ...costs.map(cost => COSTS[cost])])
  line(['---:', ...costs.map(() => '---:')])
  rows.forEach((row, i) => {
    line([
      sizes[i].toLocaleString('en'),
      ...costs.map(cost => Number(row[cost].toPrecision(3)).toLocaleString('en')),
    ])
  })
  const exponent = from =>
    costs.map(cost => {
      const points = rows.map((row, i) => [Math.log(sizes[i]), Math.log(row[cost])]).slice(from)
      return slope(points).toFixed(2)
    })
  line(['exponent', ...exponent(0)])
  line(['of the last two', ...exponent(-2)])
  console.log()
}

/** A chain of layers, so many nodes in all: what planning alone takes. */
function planNodes() {
  const sizes = [1000, 2000, 4000, 8000, 16000]
  const found = sizes.map(wanted => {
    const graph = simplify(
      trace(
        ({ x, w }) => {
          let y = x
          for (let i = 0; i < wanted / 4; i++) y = y.matmul(w).add(constant(i, [])).tanh().mul(0.5)
          return { y }
        },
        { x: spec([64, 16]), w: spec([16, 16]) },
      ),
    )
    const plan = least(3, () => encode(planOf(placeRows(graph, 0))))
    return { nodes: graph.nodes.length, plan }
  })
  table(
    'nodes of a chain',
    found.map(({ nodes }) => nodes),
    found,
    ['plan'],
  )
}

const [asked] = process.argv.slice(2)
for (const [axis, { sizes, of }] of Object.entries(AXES)) {
  if (asked && asked !== axis) continue
  const rows = []
  for (const size of sizes) rows.push(await measure(of(size)))
  table(axis, sizes, rows)
}
if (!asked || asked === 'nodes') planNodes()
