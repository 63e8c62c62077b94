import { decodeModelFile, encodeModelFile, modelGraph } from '../../../src/serialization/model.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

export const target: Target = {
  form: safetensors,
  words: [
    'hidden',
    'layers',
    'network',
    'dit',
    'mlp',
    'transformer',
    'space',
    'torus',
    'simplex',
    'standardization',
    'vector',
    'class',
  ],
  errors: ['RunError'],
  share: 30_000,
  async open(folder) {
    const runs = [
      await trainedIn(folder),
      await trainedIn(folder, { data: 'checkerboard', condition: 'class' } as never, 'classes').catch(
        () => undefined,
      ),
    ]
    return {
      corpus: runs.flatMap(run => (run === undefined ? [] : [contentOf(run, 'model.safetensors')])),
      read(input, drawn) {
        const model = decodeModelFile(input, 'model.safetensors')
        if (drawn.integer(10) > 0) return
        encodeModelFile(model)
        modelGraph(model)
      },
    }
  },
}
