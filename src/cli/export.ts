import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeNpz } from '../data/npy.ts'
import { writeFileAtomic } from '../training/files.ts'
import {
  encodeModelFile,
  encodeOnnxModel,
  type Model,
  namedParameters,
  type WeightsName,
} from '../training/model.ts'
import { readModel } from '../training/model-files.ts'
import { print, printJson } from './terminal.ts'

type Format = 'onnx' | 'safetensors' | 'npz'

interface ExportFlags {
  readonly format: Format
  readonly weights: WeightsName
  readonly out?: string
  readonly json?: boolean
}

const ENCODERS: Record<Format, (model: Model) => Uint8Array> = {
  onnx: encodeOnnxModel,
  safetensors: encodeModelFile,
  npz: model => encodeNpz(namedParameters(model)),
}

/** `oxbow export`. */
export async function exportCommand(
  path: string,
  { format, weights, out, json }: ExportFlags,
): Promise<void> {
  const model = readModel(path, weights)
  const home = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path)
  const file = out ?? join(home, weights === 'raw' ? `model-raw.${format}` : `model.${format}`)
  const bytes = ENCODERS[format](model)
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(dirname(file), file, bytes)
  if (json) printJson({ file, format, bytes: bytes.length })
  else print(`${file}: ${format}, ${bytes.length} bytes`)
}
