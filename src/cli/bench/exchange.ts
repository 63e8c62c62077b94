import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/index.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Buffer } from '../../runtime/program.ts'
import { namedParameters } from '../../serialization/model.ts'
import { dataRecord } from '../../serialization/record.ts'
import { encodeSafetensors, type StoredTensor } from '../../serialization/safetensors.ts'
import type { Term } from '../../training/terms.ts'

/** What a step begins with and draws. */
export interface Drawn {
  readonly config: Config
  readonly dataset: Dataset
  /** Parameters of the student and of its average. */
  readonly student: Float32Array
  readonly target: Float32Array
  readonly terms: readonly Term[]
  /** Inputs of the terms, one after another, for some steps. */
  readonly inputs: readonly Buffer[]
}

const INPUTS = ['x0', 'eps', 's', 't', 'm'] as const

/** The rows of all terms of one step together, as the references take them; times that a term has not are its `s`. */
function batchOf({ dataset, terms, inputs }: Drawn, step: number): Record<string, StoredTensor> {
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

/** Writes what another program is to compute the same from. @returns the file, and what removes it */
export function writeDrawn(
  drawn: Drawn,
  steps: number,
): { readonly path: string; readonly remove: () => void } {
  const { config, dataset, student, target } = drawn
  const parametersOf = (prefix: string, parameters: Float32Array) => {
    const model = { config, dimension: dataset.dimension, data: dataRecord(dataset), parameters }
    return Object.fromEntries(
      Object.entries(namedParameters(model)).map(([name, tensor]) => [`${prefix}.${name}`, tensor]),
    )
  }
  const tensors = Object.assign(
    parametersOf('student', student),
    parametersOf('target', target),
    ...Array.from({ length: steps }, (_, i) => batchOf(drawn, i)),
  )
  const folder = mkdtempSync(join(tmpdir(), 'oxbow-bench-'))
  const path = join(folder, 'drawn.safetensors')
  writeFileSync(path, encodeSafetensors({ tensors, metadata: {} }))
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
