import { writeCard } from '../report/card.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { lockDirectory } from '../serialization/lock.ts'
import { encodeModelFile, encodeOnnxModel, type Model } from '../serialization/model.ts'
import { checkFree, paths, writeRecord } from '../serialization/run.ts'

/**
 * Makes a run directory of a model that was not trained here.
 *
 * @throws RunError when the directory holds something, or another process works there
 */
export function writeRun(directory: string, model: Model): void {
  const lock = lockDirectory(directory)
  try {
    checkFree(directory)
    writeRecord(directory, model)
    const { model: weights, onnx } = paths(directory)
    writeFileAtomic(directory, weights, encodeModelFile(model))
    writeFileAtomic(directory, onnx, encodeOnnxModel(model))
    writeCard(directory)
  } finally {
    lock.release()
  }
}
