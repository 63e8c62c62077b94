import { planOfModel } from '../../../src/studio/engine/model-file.ts'
import type { Form } from '../forms/form.ts'
import { protobuf } from '../forms/protobuf.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

const isOnnx = (input: Uint8Array): boolean => input[0] === 8

/** Either of two, by how it begins. */
const either: Form = {
  change: (input, drawn, words) => (isOnnx(input) ? protobuf : safetensors).change(input, drawn, words),
  repair: input => (isOnnx(input) ? protobuf : safetensors).repair!(input),
}

export const target: Target = {
  form: either,
  words: [
    'format',
    'oxbow',
    'objective',
    'interpolant',
    'data',
    'signature',
    'linear',
    'class',
    '{}',
    '[]',
    'null',
  ],
  errors: ['RunError'],
  share: 40_000,
  async open(folder) {
    const run = await trainedIn(folder)
    return {
      corpus: ['model.safetensors', 'model.onnx'].map(name => contentOf(run, name)),
      read: input => planOfModel(input, isOnnx(input) ? 'x.onnx' : 'x.safetensors'),
    }
  },
}
