// Times every metric of samples and data on MNIST at 10,000 points, floors included:
// npm run build:cli && node bench/picture-metrics.mjs [data]
import { openDataset } from '../dist/data/catalogue.js'
import { standardizationOf, standardizedBy } from '../dist/data/standardized.js'
import { drawAsked } from '../dist/evaluation/asked-rows.js'
import { featuresFor } from '../dist/evaluation/features/shipped.js'
import { openSampleMeasure } from '../dist/evaluation/measure-rows.js'
import { runtimeProducts } from '../dist/evaluation/products.js'
import { lacks, metrics } from '../dist/metric/catalogue.js'
import { prepareMetricsBy } from '../dist/metric/prepare.js'
import { random } from '../dist/random/random.js'
import { nodeRuntime } from '../dist/runtime/node.js'

const COUNT = 10_000
const dataset = await openDataset(process.argv[2] ?? 'mnist')
const standardization = standardizationOf('auto', dataset)
const seen = standardizedBy(standardization, dataset)
const names = Object.keys(metrics).filter(name => lacks(metrics[name], seen).length === 0)

/** Training rows with noise in the place of samples, in the data's own units. */
function samples() {
  const points = new Float32Array(COUNT * dataset.dimension)
  dataset.sample(random(1, 'samples'), points)
  const noise = random(2, 'noise')
  return points.map(value => value + 8 * noise.normal())
}

const runtime = nodeRuntime()
const start = performance.now()
const before = process.cpuUsage()
const products = runtimeProducts(runtime)
const features = await featuresFor(runtime, dataset, undefined)
const measures = await prepareMetricsBy(products, seen, { count: COUNT, seed: 0, names })
const paths = features ? ['featureFrechet', 'classAccuracy', 'classCoverage'] : []
const setting = { dataset, seen, standardization, measures, runtime, products, features, seed: 0 }
const measure = await openSampleMeasure({
  ...setting,
  chosen: { samples: names, paths, maps: [] },
  asked: drawAsked('class', seen, COUNT, 0),
})
const { values } = await measure.measure(samples())
const seconds = (performance.now() - start) / 1e3
const cpu = process.cpuUsage(before)
for (const [name, { value, floor }] of Object.entries(values)) {
  console.log(
    `${name.padEnd(20)} ${Number(value).toPrecision(4).padStart(9)}  floor ${Number(floor).toPrecision(4)}`,
  )
}
console.log(
  `${Object.keys(values).length} metrics of ${COUNT} samples of ${dataset.name}: ${seconds.toFixed(0)} s, processor ${((cpu.user + cpu.system) / 1e6).toFixed(0)} s`,
)
