// Trains the feature networks that the package ships: npm run features -- glyphs mnist fashion-mnist
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openDataset } from '../../dist/data/catalogue.js'
import { standardizationOf, standardizedBy } from '../../dist/data/standardized.js'
import { trainClassifier } from '../../dist/evaluation/features/train-classifier.js'
import { triedClassifier } from '../../dist/evaluation/features/tried-classifier.js'
import { nodeRuntime } from '../../dist/runtime/node.js'

/** File, data and training steps of each. */
const SHIPPED = {
  glyphs: [
    ['glyphs-16', { glyphs: { size: 16 } }, 3000],
    ['glyphs-28', { glyphs: { size: 28 } }, 3000],
  ],
  mnist: [['mnist', 'mnist', 6000]],
  'fashion-mnist': [['fashion-mnist', 'fashion-mnist', 6000]],
}

const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'features' } },
  allowPositionals: true,
})
mkdirSync(values.out, { recursive: true })
const runtime = nodeRuntime()
for (const name of positionals.length > 0 ? positionals : Object.keys(SHIPPED)) {
  if (!SHIPPED[name])
    throw new Error(`no feature network for ${name}; known: ${Object.keys(SHIPPED).join(', ')}`)
  for (const [file, spec, steps] of SHIPPED[name]) {
    const dataset = await openDataset(spec)
    const seen = standardizedBy(standardizationOf('auto', dataset), dataset)
    const start = performance.now()
    const flat = await trainClassifier(runtime, seen, {
      steps,
      seed: 0,
      progress: (step, loss) =>
        process.stderr.write(`\r${file}: step ${step}/${steps}  loss ${loss.toFixed(4)}  `),
    })
    const command = `npm run features -- ${name}`
    const { bytes, accuracy, count } = await triedClassifier(runtime, seen, flat, command)
    writeFileSync(`${values.out}/${file}.onnx`, bytes)
    const seconds = ((performance.now() - start) / 1e3).toFixed(0)
    console.log(
      `\n${file}: ${(100 * accuracy).toFixed(2)} % of ${count} real pictures, ${(bytes.length / 1e3).toFixed(0)} kB, ${seconds} s`,
    )
  }
}
