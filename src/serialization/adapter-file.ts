import { existsSync, readFileSync, statSync } from 'node:fs'
import { ADAPTER_FORMAT, adapterAlone } from './record.ts'
import { decodeSafetensors } from './safetensors.ts'

/** @throws RunError when a path is that of an adapter's file */
export function refuseAdapter(path: string): void {
  if (!path.endsWith('.safetensors') || !existsSync(path) || !statSync(path).isFile()) return
  let format: string | undefined
  try {
    format = decodeSafetensors(readFileSync(path), path).metadata.format
  } catch {
    // What is damaged is refused by whoever reads it.
  }
  if (format === ADAPTER_FORMAT) throw adapterAlone(path)
}
