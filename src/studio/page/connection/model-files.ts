import { fileOfPlan, LARGEST_MODEL, type ModelSource, type Plan } from '../../plan.ts'
import { machine } from './backend.ts'
import { lazyChunk } from './lazy-chunks.ts'

/** Models that were opened, by their hash: a plan names its own, and does not hold it. */
const kept = new Map<string, Uint8Array>()

/** The bytes of a model's file. @throws Error when it is too large to be one, or cannot be read */
export async function bytesOf(file: File): Promise<Uint8Array> {
  if (file.size > LARGEST_MODEL) {
    const size = Math.ceil(file.size / (1 << 20)).toLocaleString('en')
    throw new Error(`${file.name}: expected at most ${LARGEST_MODEL >> 20} MB, found ${size} MB`)
  }
  const content = await file.arrayBuffer().catch(() => {
    throw new Error(`${file.name}: the file cannot be read`)
  })
  return new Uint8Array(content)
}

const reader = lazyChunk(() => import('../../engine/model-file.ts'))

/** A run that shows a model. @throws Error when it is none */
export async function openModel(bytes: Uint8Array, name: string, path?: string): Promise<Plan> {
  const { planOfModel } = await reader()
  const plan = planOfModel(bytes, name, path)
  kept.set(fileOfPlan(plan)!.sha256, bytes)
  return plan
}

/** The model that a plan begins with, if it does; of the runs folder, it is read again where a link names it. */
export async function fileOf(plan: Plan): Promise<Uint8Array | undefined> {
  const source = fileOfPlan(plan)
  return source && (kept.get(source.sha256) ?? fetchAgain(source))
}

async function fetchAgain({ path, sha256 }: ModelSource): Promise<Uint8Array | undefined> {
  if (path === undefined || !machine) return undefined
  const bytes = await machine.model(path)
  kept.set(sha256, bytes)
  return bytes
}
