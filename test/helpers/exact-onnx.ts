import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { gaussianFlowMap } from '../../src/model/index.ts'
import { lower } from '../../src/runtime/onnx.ts'

/** The file of jumps of the exact flow map of `N(mean, sd^2)` in the plane. */
export function exactOnnx(mean: readonly number[], sd: number): Uint8Array {
  const exact = gaussianFlowMap(mean, sd)
  const column = { s: spec([DYNAMIC]), t: spec([DYNAMIC]) }
  const graph = trace(
    ({ x, s, t }) => ({ y: exact.jump(x, s.reshape([DYNAMIC, 1]), t.reshape([DYNAMIC, 1])) }),
    { x: spec([DYNAMIC, 2]), ...column },
  )
  return lower(simplify(graph))
}
