import type { Dataset } from '../../data/dataset.ts'
import type { StandardizedDataset } from '../../data/standardized.ts'
import { random } from '../../random/random.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { type ClassifierNote, classifierFile } from '../../serialization/classifier-file.ts'
import { VERSION } from '../../serialization/version.ts'
import { mostProbable } from './most-probable.ts'

/** Real points that a classifier is tried on. */
const TRIED = 10_000

/** Real points and their classes: held-out rows, or fresh ones of data without end. */
function realPoints({ dimension, split, sample }: Dataset): [Float32Array, Float32Array] {
  const count = split ? Math.min(TRIED, split.heldOut || split.training) : TRIED
  const [points, classes] = [new Float32Array(count * dimension), new Float32Array(count)]
  const source = random(0, 'classifier', 'accuracy')
  if (split) split.take(split.heldOut > 0 ? 'heldOut' : 'training', source, points, classes)
  else sample(source, points, classes)
  return [points, classes]
}

/**
 * Tries a classifier's file on real points, and writes into its metadata what became of it.
 *
 * @param command  that makes it again
 */
export async function triedClassifier(
  runtime: Runtime,
  dataset: StandardizedDataset,
  flat: Float32Array,
  command: string,
): Promise<{ bytes: Uint8Array; accuracy: number; count: number }> {
  const own = dataset.own ?? dataset
  const classes = dataset.labels!.names.length
  const [points, expected] = realPoints(own)
  const { program } = await runtime.openModel(classifierFile(dataset, flat))
  let right = 0
  try {
    const size = 500 * own.dimension
    for (let from = 0; from < points.length; from += size) {
      const [, scores] = await program.run([points.slice(from, from + size)])
      mostProbable(scores as Float32Array, classes).forEach((found, i) => {
        if (found === expected[from / own.dimension + i]) right++
      })
    }
  } finally {
    await program.close()
  }
  const accuracy = right / expected.length
  const note: ClassifierNote = {
    format: 'oxbow-features',
    data: own.name,
    fingerprint: own.fingerprint.sha256,
    accuracy: accuracy.toFixed(4),
    tried: String(expected.length),
    command,
  }
  const bytes = classifierFile(dataset, flat, {
    ...note,
    version: VERSION,
    classes: JSON.stringify(dataset.labels!.names),
  })
  return { bytes, accuracy, count: expected.length }
}
