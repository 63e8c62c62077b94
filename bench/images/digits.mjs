// Makes the model that the studio's view of digits draws with, of any run on pictures with classes:
//
//   npm run build && node bench/images/digits.mjs runs/images/glyphs-psd-guided
//
// It writes the run's averaged weights with 16 bits a number to src/studio/example/digits.safetensors, and says how far that
// moves what one jump draws.
import { statSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withoutChecksum } from '../../dist/runtime/checksum.js'
import { openRuntime } from '../../dist/runtime/node.js'
import { drawNoise } from '../../dist/sampler/sampler.js'
import { encodeModelFile } from '../../dist/serialization/model.js'
import { readModel } from '../../dist/serialization/model-files.js'
import { openPictureMap } from '../../dist/studio/engine/pictures/map.js'
import { toHalves } from '../../dist/studio/example/half.js'

const OUT = fileURLToPath(new URL('../../src/studio/example/digits.safetensors', import.meta.url))
/** Most bytes of the file. */
const MOST = 3_000_000
/** Pictures that are compared. */
const COUNT = 200

/** The same file with F32 tensors as F16: https://github.com/huggingface/safetensors#format */
function inHalves(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  const { __metadata__: metadata, ...tensors } = header
  const parts = []
  let at = 0
  for (const tensor of Object.values(tensors)) {
    const [from, to] = tensor.data_offsets
    const values = new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer)
    const half = toHalves(values)
    parts.push(half)
    Object.assign(tensor, { dtype: 'F16', data_offsets: [at, (at += half.length)] })
  }
  const json = new TextEncoder().encode(
    JSON.stringify({ __metadata__: withoutChecksum(metadata), ...tensors }),
  )
  const padded = new Uint8Array(8 * Math.ceil(json.length / 8)).fill(0x20)
  padded.set(json)
  const size = new Uint8Array(8)
  new DataView(size.buffer).setBigUint64(0, BigInt(padded.length), true)
  return Buffer.concat([size, padded, ...parts])
}

const [run] = process.argv.slice(2)
if (!run) {
  console.error('digits: name a run on pictures, such as runs/images/glyphs-psd-guided')
  process.exit(2)
}
/** Where other runs are on this machine is nothing to ship. */
function withoutPaths({ config, ...rest }) {
  const named = Object.fromEntries(
    ['teacher', 'initFrom'].map(key => [key, config[key] && basename(config[key])]),
  )
  return { ...rest, config: { ...config, ...named } }
}

const whole = encodeModelFile(withoutPaths(readModel(run)))
const bytes = inHalves(whole)
const runtime = await openRuntime({ threads: 1 })
const drawn = []
for (const file of [whole, bytes]) {
  const map = await openPictureMap(run, file, runtime)
  const { shape, classes, scales } = map.traits
  const points = drawNoise(
    COUNT,
    shape.reduce((a, b) => a * b),
    0,
  )
  const told = classes.length > 0 ? Array.from({ length: COUNT }, (_, i) => i % classes.length) : null
  drawn.push(
    await map.draw({ points, grid: [1, 0], method: 'auto', classes: told, scale: scales?.[0] ?? null }),
  )
  if (file === bytes) console.log(JSON.stringify(map.traits))
  await map.close()
}
const squares = drawn[0].reduce((sum, value, i) => sum + (value - drawn[1][i]) ** 2, 0)
console.log(
  `16 bits a number move a pixel by ${Math.sqrt(squares / drawn[0].length).toFixed(2)} of 255 (root mean square)`,
)
if (bytes.length > MOST) {
  console.error(`digits: ${bytes.length} bytes, expected at most ${MOST}`)
  process.exit(1)
}
writeFileSync(OUT, bytes)
console.log(`${OUT}: ${statSync(OUT).size} bytes`)
