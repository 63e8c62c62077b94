import type { WeightsName } from '../../config/weights-name.ts'
import { encodeModelFile, encodeOnnxModel, type Model } from '../../serialization/model.ts'
import type { Questions } from './protocol.ts'
import type { Session } from './session.ts'

/** The map of a training as a model that other programs take. */
const modelOf = (session: Session, weights: WeightsName): Model => ({
  ...session.record,
  dimension: session.dataset.dimension,
  parameters: session.parameters(weights),
})

const ENCODERS = { safetensors: encodeModelFile, onnx: encodeOnnxModel } as const

/** The bytes of `model.safetensors` or `model.onnx` as it is now. */
export const fileOf = (session: Session, { format, weights }: Questions['file']['ask']): Uint8Array =>
  ENCODERS[format](modelOf(session, weights))
