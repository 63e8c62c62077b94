import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namedParameters } from '../../serialization/model.ts'
import { encodeSafetensors, type StoredTensor } from '../../serialization/safetensors.ts'
import { type BegunTraining, beginSampling, beginTraining, modelOf } from './own.ts'
import type { Workload } from './workload.ts'

const INPUTS = ['x0', 'eps', 's', 't', 'm'] as const

/** The rows of all terms of one step together, as the references take them; times that a term has not are its `s`. */
function batchOf(
  { dataset, step: { terms }, inputs }: BegunTraining,
  step: number,
): Record<string, StoredTensor> {
  const rows = terms.reduce((sum, term) => sum + term.rows, 0)
  return Object.fromEntries(
    INPUTS.map(key => {
      const width = key === 'x0' || key === 'eps' ? dataset.dimension : 1
      const data = new Float32Array(rows * width)
      let [before, at] = [0, 0]
      for (const term of terms) {
        const found = term.inputs.indexOf(term.inputs.includes(key) ? key : 's')
        const size = term.rows * width
        const all = inputs[before + found] as Float32Array
        data.set(all.subarray(step * size, (step + 1) * size), at)
        before += term.inputs.length
        at += size
      }
      return [`batch.${step}.${key}`, { shape: [rows, width], data }] as const
    }),
  )
}

/** What a workload begins with. */
function tensorsOf(workload: Workload): Record<string, StoredTensor> {
  const prefixed = (prefix: string, tensors: Record<string, StoredTensor>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]))
  if (workload.kind === 'sample') {
    const begun = beginSampling(workload)
    const { dimension } = begun.dataset
    return {
      ...prefixed('student', namedParameters(modelOf(begun, begun.student))),
      noise: { shape: [workload.count, dimension], data: begun.noise },
    }
  }
  const begun = beginTraining(workload)
  return Object.assign(
    prefixed('student', namedParameters(modelOf(begun, begun.student))),
    prefixed('target', namedParameters(modelOf(begun, begun.target))),
    ...Array.from({ length: begun.config.chunk }, (_, i) => batchOf(begun, i)),
  )
}

/** Writes what another program is to compute the same from. @returns the file, and what removes it */
export function writeBegun(workload: Workload): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'oxbow-bench-'))
  const path = join(folder, 'begun.safetensors')
  writeFileSync(path, encodeSafetensors({ tensors: tensorsOf(workload), metadata: {} }))
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
