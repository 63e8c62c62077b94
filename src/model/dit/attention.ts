import { concat, rmsNorm, type Tensor } from '../../autodiff/index.ts'
import type { Named } from '../network.ts'
import { linear } from './linear.ts'
import type { DitOptions } from './options.ts'
import { rotaryAngles, turned } from './position.ts'

/** Inside the root of every norm. */
export const EPSILON = 1e-6

/**
 * Multi-head self-attention, `softmax(q k^T/sqrt(d)) v` over the tokens of `x [B, tokens, W]`. Written out: every product
 * and norm is a primitive, and so has its derivatives of every order.
 *
 * @param before  tokens before the patches
 */
export function attention(
  options: DitOptions,
  parameters: Named<Tensor>,
  name: string,
  x: Tensor,
  before: number,
): Tensor {
  const { heads, qkNorm, position } = options
  const [batch, tokens, width] = x.shape
  const d = width / heads
  const heading = [batch, heads, tokens, d]
  const projected = linear(parameters, `${name}.qkv`, x)
    .reshape([batch, tokens, 3, heads, d])
    .transpose([0, 2, 3, 1, 4])
  // Queries and keys together, [B, 2, heads, tokens, d], as far as they are treated alike.
  let both = projected.slice(1, 0, 2)
  if (qkNorm) {
    const scales = concat(
      ['q', 'k'].map(each => parameters[`${name}.${each}.scale`].reshape([1, 1, 1, 1, d])),
      1,
    )
    both = rmsNorm(both, EPSILON).mul(scales)
  }
  if (position === 'rotary' || position === 'rotary2d') both = turned(both, rotaryAngles(options, before))
  const [q, k] = [0, 1].map(i => both.slice(1, i, i + 1).reshape(heading))
  const v = projected.slice(1, 2, 3).reshape(heading)
  const weights = q
    .mul(d ** -0.5)
    .matmul(k, { transposeB: true })
    .softmax()
  const mixed = weights.matmul(v).transpose([0, 2, 1, 3]).reshape([batch, tokens, width])
  return linear(parameters, `${name}.out`, mixed)
}
