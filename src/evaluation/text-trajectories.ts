import { DYNAMIC, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import { exactText } from '../model/categorical/exact-text.ts'
import type { Language } from '../model/categorical/language.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Steps in the logarithm of time. */
const STEPS = 48
/** Here nearly every point is decided: what is denoised is a sequence of symbols. */
const LAST = 0.02

/**
 * Where the exact flow of a language takes this noise: one-hot points `[N, L K]`, but for the few that are not decided at time
 * 0.02, whose symbols have probabilities. In the logarithm of time the flow is smooth, so a fixed grid does.
 *
 * @param shape  of a point, `[L, K]`
 */
export async function exactTextEnds(
  runtime: Runtime,
  language: Language,
  shape: readonly [number, number],
  noise: Float32Array,
): Promise<Float64Array> {
  const { step, denoised } = exactText(language, shape)
  const dimension = shape[0] * shape[1]
  const compiled = (field: (x: Tensor, s: Tensor, t: Tensor) => Tensor) => {
    const graph = trace(({ x, s, t }) => field(x, s, t), {
      x: spec([DYNAMIC, dimension], 'float64'),
      s: spec([1, 1], 'float64'),
      t: spec([1, 1], 'float64'),
    })
    return runtime.compile(simplify(graph))
  }
  const [stepping, denoising] = await Promise.all([step, denoised].map(compiled))
  try {
    const time = (i: number) => Float64Array.of(LAST ** (i / STEPS))
    let x = Float64Array.from(noise)
    for (let i = 0; i < STEPS; i++) {
      const [moved] = await stepping.run([x, time(i), time(i + 1)])
      x = moved as Float64Array<ArrayBuffer>
    }
    const [ends] = await denoising.run([x, time(STEPS), time(STEPS)])
    return ends as Float64Array
  } finally {
    await Promise.all([stepping, denoising].map(program => program.close()))
  }
}
