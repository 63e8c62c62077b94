import { concat, type Tensor, type Value } from '../../../src/autodiff/index.ts'
import { blocksNamed, spaceNamed } from '../../../src/model/spaces/table.ts'
import type { Random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'

/** Newton's step towards the nearest orthogonal matrix. */
function nearerRotation(R: Tensor): Tensor {
  const m = R.reshape([R.shape[0], 3, 3])
  const back = m.matmul(m, { transposeA: true })
  return m.mul(1.5).sub(m.matmul(back).mul(0.5)).reshape([R.shape[0], 9])
}

/** Points once more on their space, since numbers of single precision are a little off. */
export function onSpace(name: string, x: Tensor): Tensor {
  const blocks = blocksNamed(name)
  if (blocks && blocks.length > 1) {
    let from = 0
    const parts = blocks.map(({ name, size }) => {
      from += size
      return onSpace(`${name}(${size})`, x.slice(-1, from - size, from))
    })
    return concat(parts, -1)
  }
  const square = spaceNamed(name)!.geometry.inner(x, x)
  if (name.startsWith('hyperbolic')) return x.div(square.neg().sqrt())
  if (name.startsWith('sphere')) return x.div(square.sqrt())
  if (name.startsWith('rotations')) return nearerRotation(nearerRotation(x))
  return x
}

/** Points of the law of the noise, in float64. */
export function drawPoints(name: string, random: Random, count: number, size: number): Value {
  const data = new Float32Array(count * size)
  spaceNamed(name)!.noise.draw(random, data, size)
  return valuesOf(x => onSpace(name, x), value([...data], [count, size]))[0]
}
