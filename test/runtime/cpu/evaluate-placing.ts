import { DYNAMIC, type Shape } from '../../../src/autodiff/index.ts'
import { kernels, type Value } from '../../../src/autodiff/kernel.ts'
import { sizeOf } from '../../../src/autodiff/primitive.ts'
import type { Domain, Item, Placed } from '../../../src/runtime/cpu/item.ts'
import type { Placing } from '../../../src/runtime/cpu/placing.ts'

const filled = (shape: Shape, value: number | Float64Array): Value => ({
  shape,
  data: typeof value === 'number' ? new Float64Array(sizeOf(shape)).fill(value) : value,
})

const call = (op: string, inputs: readonly Value[], params: object): Value =>
  (kernels as unknown as Record<string, (inputs: readonly Value[], params: object) => Value>)[op](
    inputs,
    params,
  )

/** Row `r` of a value whose rows are all of it, one after the other. */
function rowOf({ data }: Value, shape: Shape, r: number): Value {
  const size = sizeOf(shape)
  return { shape, data: data.slice(r * size, (r + 1) * size) }
}

/** Joins rows along an axis. */
const joined = (rows: readonly Value[], axis: number): Value => call('concat', rows, { axis })

/** Runs a placing in float64, each item of rows one row at a time. */
export function evaluatePlacing({ items, outputs }: Placing, inputs: readonly Value[], batch = 0): Value[] {
  const wholes = new Map<Item, Value>()
  const rows = new Map<Item, Value[]>()
  const countOf = (domain: Domain): number => (domain.rows === DYNAMIC ? batch : domain.rows)
  for (const item of items) {
    const { op, shape, domain } = item
    const params = item.params as never as Record<string, never>
    if (domain) {
      const all = Array.from({ length: countOf(domain) }, (_, r): Value => {
        if (op === 'input') return rowOf(inputs[params.index], shape, domain.from + r)
        if (op === 'rows') return rowOf(wholes.get(item.inputs[0])!, shape, params.from + r)
        return call(
          op,
          item.inputs.map(input => (input.domain ? rows.get(input)![r] : wholes.get(input)!)),
          params,
        )
      })
      for (const row of all) if (sizeOf(shape) !== row.data.length) throw new Error(`${op}: wrong shape`)
      rows.set(item, all)
      continue
    }
    const whole = (): Value => {
      if (op === 'input') return inputs[params.index]
      if (op === 'constant') return filled(shape, params.value)
      if (op === 'whole')
        return joined(
          item.inputs.flatMap(input => rows.get(input)!),
          params.axis,
        )
      if (op === 'total') {
        return item.inputs
          .flatMap(input => rows.get(input)!)
          .reduce((a, b) => call(params.by === 'sum' ? 'add' : 'maximum', [a, b], {}))
      }
      return call(
        op,
        item.inputs.map(input => wholes.get(input)!),
        params,
      )
    }
    wholes.set(item, whole())
  }
  const placedValue = (placed: Placed): Value =>
    'whole' in placed
      ? wholes.get(placed.whole)!
      : joined(
          placed.pieces.flatMap(piece => rows.get(piece)!),
          placed.axis,
        )
  return outputs.map(placedValue)
}
