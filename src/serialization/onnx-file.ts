import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import {
  ExternalDataError,
  externalFiles,
  inlineExternalData,
  isPlainRelative,
} from '../runtime/external-data.ts'
import { onnxProblem } from '../runtime/protobuf.ts'
import { readBytes } from './read-file.ts'
import { RunError } from './run-error.ts'

/** Reads a file that a model names. @throws RunError unless it is a file of the folder that the model is in */
function readBeside(path: string, location: string): Uint8Array {
  const refuse = (what: string): never => {
    throw new RunError(`${path}: its weights are in ${JSON.stringify(location)}, ${what}`)
  }
  if (!isPlainRelative(location)) return refuse('expected the name of a file in the same folder')
  // Of a link, the files may also be beside what it leads to.
  const folders = [dirname(path), dirname(realpathSync(path))]
  const folder = folders.find(each => existsSync(join(each, location)))
  if (folder === undefined) return refuse('which is not beside it; copy both files to one folder')
  const file = realpathSync(join(folder, location))
  if (!file.startsWith(join(realpathSync(folder), sep))) return refuse('a link that leads out of the folder')
  if (!statSync(file).isFile()) return refuse('which is not a file')
  return readBytes(file)
}

/**
 * The bytes of an ONNX file, with the weights that it keeps in files beside it.
 *
 * @throws RunError when there is no such file, or its weights are not there or not to be read
 */
export function readOnnxFile(path: string): Uint8Array {
  if (!existsSync(path)) throw new RunError(`${path}: no such file`)
  if (statSync(path).isDirectory()) throw new RunError(`${path}: expected an ONNX file, found a directory`)
  const bytes = readBytes(path)
  const problem = onnxProblem(bytes)
  if (problem) throw new RunError(`${path}: ${problem}`)
  try {
    const files = externalFiles(bytes).map(location => [location, readBeside(path, location)] as const)
    return inlineExternalData(bytes, new Map(files))
  } catch (error) {
    if (error instanceof RunError) throw error
    if (error instanceof ExternalDataError) throw new RunError(`${path}: ${error.message}`)
    throw new RunError(`${path}: not an ONNX model that can be run (something else, or cut short)`)
  }
}
