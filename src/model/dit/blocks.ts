import { layerNorm, rmsNorm, type Tensor } from '../../autodiff/index.ts'
import type { Named } from '../network.ts'
import { attention, EPSILON } from './attention.ts'
import { linear } from './linear.ts'
import type { DitOptions } from './options.ts'

/** Blocks and last layers by their names, on tokens `h [B, tokens, W]`. */
export interface Layers {
  /** @param e  what a block sees of times and conditions, activated; of adaLN alone */
  block(name: string, h: Tensor, e: Tensor): Tensor
  /** The numbers of each patch, `[B, patches, p p C]`. */
  final(name: string, h: Tensor, e: Tensor): Tensor
}

/** The vectors of a modulation, `[B, 1, W]` each, which broadcast over the tokens. */
function modulation(
  { width, modulationNorm }: DitOptions,
  parameters: Named<Tensor>,
  name: string,
  e: Tensor,
): Tensor[] {
  const all = linear(parameters, `${name}.modulation`, e)
  const count = all.shape[1] / width
  const vectors = all.reshape([all.shape[0], count, width])
  const normed = modulationNorm ? rmsNorm(vectors, EPSILON) : vectors
  return Array.from({ length: count }, (_, i) => normed.slice(1, i, i + 1))
}

function perceptron({ activation, hidden }: DitOptions, parameters: Named<Tensor>, name: string, x: Tensor) {
  const up = linear(parameters, `${name}.mlp.0`, x)
  const inner = activation === 'gelu' ? up.gelu() : up.slice(-1, 0, hidden).silu().mul(up.slice(-1, hidden))
  return linear(parameters, `${name}.mlp.1`, inner)
}

/** `h + g1 attention(norm(h) (1 + a1) + b1)`, then `h + g2 mlp(norm(h) (1 + a2) + b2)`. Peebles & Xie 2023, arXiv:2212.09748. */
export function adalnLayers(options: DitOptions, parameters: Named<Tensor>): Layers {
  const norm = options.norm === 'rms' ? rmsNorm : layerNorm
  const modulated = (h: Tensor, shift: Tensor, scale: Tensor) => norm(h, EPSILON).mul(scale.add(1)).add(shift)
  return {
    block(name, h, e) {
      const [b1, a1, g1, b2, a2, g2] = modulation(options, parameters, name, e)
      const mixed = h.add(g1.mul(attention(options, parameters, name, modulated(h, b1, a1), 0)))
      return mixed.add(g2.mul(perceptron(options, parameters, name, modulated(mixed, b2, a2))))
    },
    final(name, h, e) {
      const [b, a] = modulation(options, parameters, name, e)
      return linear(parameters, `${name}.out`, modulated(h, b, a))
    },
  }
}

/**
 * `h + gate1 attention(rms(h) norm1.scale)`, then `h + gate2 mlp(rms(h) norm2.scale)`, with what is told among the tokens. Geng
 * et al. 2025 (improved MeanFlow), arXiv:2512.02012.
 *
 * @param before  tokens before the patches
 */
export function inContextLayers(options: DitOptions, parameters: Named<Tensor>, before: number): Layers {
  const scaled = (h: Tensor, name: string) => rmsNorm(h, EPSILON).mul(parameters[`${name}.scale`])
  return {
    block(name, h) {
      const [gate1, gate2] = [1, 2].map(i => parameters[`${name}.gate${i}`])
      const mixed = h.add(gate1.mul(attention(options, parameters, name, scaled(h, `${name}.norm1`), before)))
      return mixed.add(gate2.mul(perceptron(options, parameters, name, scaled(mixed, `${name}.norm2`))))
    },
    final: (name, h) => linear(parameters, `${name}.out`, scaled(h.slice(1, before), `${name}.norm`)),
  }
}
