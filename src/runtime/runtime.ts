import type { CorePrimitive, Graph } from '../autodiff/index.ts'
import type { OpenedModel, Program } from './program.ts'

/** What runs graphs: ONNX Runtime on one kind of device of one machine, or what stands in for it. */
export interface Runtime {
  /** Compiles a simplified graph. */
  compile(graph: Graph<CorePrimitive>): Promise<Program>
  /** Compiles a graph whose first `carried` inputs and outputs are a state, for many steps in one run. */
  compileScan(graph: Graph<CorePrimitive>, carried: number): Promise<Program>
  /** Opens an ONNX file's bytes. */
  openModel(bytes: Uint8Array): Promise<OpenedModel>
  /** Whether it interprets graphs of float64, in which a network is then very slow. */
  readonly slowInDouble?: boolean
  /** Most steps in one run of a scan, where a run is dear; the numbers do not depend on it. */
  readonly chunk?: number
}
