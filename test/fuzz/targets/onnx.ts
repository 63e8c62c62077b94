import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { oversizedIn } from '../../../src/runtime/onnx-sizes.ts'
import { encodeModel, readMetadata, tensorWithNaN } from '../../../src/runtime/protobuf.ts'
import { readClassifier } from '../../../src/serialization/classifier-file.ts'
import { readModel } from '../../../src/serialization/model-files.ts'
import { readOnnxFile } from '../../../src/serialization/onnx-file.ts'
import { encodeOnnxSampler } from '../../../src/serialization/sampler-graph.ts'
import { protobuf } from '../forms/protobuf.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

/** One whose weights are said to be in a file beside it. */
const external = encodeModel({
  irVersion: 8,
  producerName: 'x',
  opsetImport: [{ domain: '', version: 17 }],
  graph: {
    name: 'g',
    node: [{ opType: 'Identity', input: ['w'], output: ['y'] }],
    initializer: [{ dims: [2], dataType: 1, name: 'w', rawData: new Uint8Array(8) }],
    input: [],
    output: [],
  } as never,
})

export const target: Target = {
  form: protobuf,
  words: [
    'location',
    'offset',
    'length',
    'beside.bin',
    '../secret.txt',
    '/etc/passwd',
    'a/../../x',
    'Constant',
    'Expand',
    'Tile',
    'oxbow',
  ],
  errors: ['RunError'],
  share: 40_000,
  async open(folder) {
    const run = await trainedIn(folder)
    writeFileSync(join(folder, 'beside.bin'), new Uint8Array(64))
    const file = join(folder, 'x.onnx')
    const { bytes: sampler } = encodeOnnxSampler(readModel(run), { grid: [1, 0.5, 0], method: 'jump' })
    return {
      corpus: [contentOf(run, 'model.onnx'), sampler, external],
      read(input) {
        writeFileSync(file, input)
        const whole = readOnnxFile(file)
        // What a whole file is asked next.
        readMetadata(whole)
        oversizedIn(whole)
        tensorWithNaN(whole)
        readClassifier(whole)
      },
    }
  },
}
