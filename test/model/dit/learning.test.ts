import { expect, test } from 'vitest'
import { simplify, spec, type Tensor, trace, valueAndGrad } from '../../../src/autodiff/index.ts'
import {
  flattenArrays,
  kindOf,
  type NetworkConfig,
  networkOf,
  sizeOfNetwork,
  timeShape,
  unflatten,
} from '../../../src/model/index.ts'
import { crossEntropy } from '../../../src/objective/categorical.ts'
import { random } from '../../../src/random/random.ts'
import { compile } from '../../../src/runtime/node.ts'

const [B, L, K, STEPS] = [64, 16, 8, 150]

/** Sequences of two symbols only, which ones differs from sequence to sequence: every position tells of all others. */
function batches() {
  const source = random(1, 'batches')
  return () => {
    const x0 = new Float32Array(B * L * K)
    for (let i = 0; i < B; i++) {
      const pair = [source.integer(K), source.integer(K)]
      for (let l = 0; l < L; l++) x0[(i * L + l) * K + pair[source.integer(2)]] = 1
    }
    const eps = Float32Array.from(x0, () => source.normal())
    const s = Float32Array.from({ length: B }, () => 0.02 + 0.98 * source.uniform())
    return [x0, eps, s]
  }
}

/** The cross-entropy of each step of Adam, with equal data for every network. */
async function trained(kind: string, own: object): Promise<{ losses: number[]; size: number }> {
  const config: NetworkConfig = {
    ...kindOf({ kind }).defaults,
    ...{ kind, conditioning: 's', parameterization: 'average-velocity', ...own },
  }
  const network = networkOf(config, { shape: [L, K], space: 'simplex' })
  const size = sizeOfNetwork(network)
  const lossOf = (parameters: Tensor, x0: Tensor, eps: Tensor, s: Tensor) => {
    const map = { logits: network.apply(unflatten(parameters, network)) }
    const at = (time: Tensor) => x0.mul(time.neg().add(1)).add(eps.mul(time))
    return crossEntropy({ map, path: { x0, at }, s } as never).mean()
  }
  const graph = simplify(
    trace(
      ([parameters, x0, eps, s]: Tensor[]) => valueAndGrad((p: Tensor) => lossOf(p, x0, eps, s))(parameters),
      [spec([size]), spec([B, L, K]), spec([B, L, K]), spec(timeShape(B, [L, K]))],
    ),
  )
  const program = await compile(graph, { threads: 1 })
  const parameters = flattenArrays(network, network.initialize(random(1, 'initial'))).slice()
  const [mean, square] = [new Float64Array(size), new Float64Array(size)]
  const next = batches()
  const losses: number[] = []
  for (let step = 1; step <= STEPS; step++) {
    const [loss, gradient] = await program.run([parameters, ...next()])
    losses.push(Number(loss[0]))
    for (let i = 0; i < size; i++) {
      const g = Number(gradient[i])
      mean[i] += 0.1 * (g - mean[i])
      square[i] += 0.001 * (g * g - square[i])
      const rate = 2e-3 * Math.min(1, step / 20)
      const [first, second] = [mean[i] / (1 - 0.9 ** step), square[i] / (1 - 0.999 ** step)]
      parameters[i] -= (rate * first) / (Math.sqrt(second) + 1e-8)
    }
  }
  await program.close()
  return { losses, size }
}

test('learns what positions have to do with each other in fewer steps than a perceptron of its size', async () => {
  const blocks = await trained('transformer', { width: 32, depth: 2, heads: 2 })
  const rows = await trained('mlp', { hidden: 112 })
  expect(Math.abs(rows.size / blocks.size - 1)).toBeLessThan(0.1)
  const last = ({ losses }: typeof rows) => losses.slice(-30).reduce((a, b) => a + b) / 30
  // It begins with equal odds.
  expect(blocks.losses[0]).toBeCloseTo(Math.log(K), 5)
  expect(last(blocks)).toBeLessThan(last(rows) - 0.15)
})
