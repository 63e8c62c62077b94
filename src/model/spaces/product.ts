import { concat, type Tensor, zerosLike } from '../../autodiff/index.ts'
import { type CurvedSpace, curved, type Geometry } from './curved.ts'

/** A part of a product. */
export interface Block {
  readonly space: CurvedSpace
  /** Numbers of its points. */
  readonly size: number
}

/** Where each block begins among numbers of which it has so many. */
function beginnings(sizes: readonly number[]): number[] {
  let next = 0
  return sizes.map(size => {
    next += size
    return next - size
  })
}

const sum = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => a.add(b))

/** Blocks side by side: what is a vector stands in a row, squares and log densities add. */
export function product(blocks: readonly Block[]): CurvedSpace {
  const geometries = blocks.map(({ space }) => space.geometry)
  const sizes = blocks.map(({ size }) => size)
  const starts = beginnings(sizes)
  const width = starts[blocks.length - 1] + sizes[blocks.length - 1]

  const part = (x: Tensor, i: number): Tensor => x.slice(-1, starts[i], starts[i] + sizes[i])
  /** The same function of each block's part of its arguments. */
  const parts =
    (of: (geometry: Geometry) => (...args: Tensor[]) => Tensor) =>
    (...args: Tensor[]): Tensor[] =>
      geometries.map((geometry, i) => of(geometry)(...args.map(x => part(x, i))))
  const joined =
    (of: (geometry: Geometry) => (...args: Tensor[]) => Tensor) =>
    (...args: Tensor[]): Tensor =>
      concat(parts(of)(...args), -1)
  /** Outputs side by side, of which each block has so many numbers. */
  const outputsOf = (numbers: readonly number[]) => {
    const from = beginnings(numbers)
    return {
      total: numbers.reduce((a, b) => a + b),
      joined:
        (of: (geometry: Geometry) => (x: Tensor, output: Tensor) => Tensor) =>
        (x: Tensor, output: Tensor): Tensor =>
          concat(
            geometries.map((geometry, i) =>
              of(geometry)(part(x, i), output.slice(-1, from[i], from[i] + numbers[i])),
            ),
            -1,
          ),
    }
  }
  const vectors = outputsOf(geometries.map((geometry, i) => geometry.outputs(sizes[i])))
  const points = outputsOf(geometries.map((geometry, i) => geometry.pointOutputs(sizes[i])))
  /** A vector of one block among zeros. */
  const alone = (x: Tensor, i: number, vector: Tensor): Tensor =>
    concat(
      geometries.map((_, j) => (j === i ? vector : zerosLike(part(x, j)))),
      -1,
    )

  return curved({
    features: joined(({ features }) => features),
    seen: () => geometries.reduce((total, { seen }, i) => total + seen(sizes[i]), 0),
    outputs: () => vectors.total,
    inner: (a, b) => sum(parts(({ inner }) => inner)(a, b)),
    velocity: vectors.joined(({ velocity, bounded = velocity }) => bounded),
    pointOutputs: () => points.total,
    towards: points.joined(({ towards }) => towards),
    tangent: joined(({ tangent }) => tangent),
    exp: joined(({ exp }) => exp),
    log: joined(({ log }) => log),
    difference: joined(({ log, difference = log }) => difference),
    transverse: joined(({ transverse }) => transverse),
    transport: joined(({ transport }) => transport),
    distance: (x, y) => sum(parts(({ distance }) => distance)(x, y).map(d => d.square())).sqrt(),
    frame: x => geometries.flatMap(({ frame }, i) => frame(part(x, i)).map(e => alone(x, i, e))),
    logNoise: x => sum(parts(({ logNoise }) => logNoise)(x)),
    spread(u, s) {
      const spreads = geometries.map(({ spread }, i) => spread(part(u, i), s))
      return {
        logJacobian: sum(spreads.map(({ logJacobian }) => logJacobian)),
        // All of them.
        isReached: spreads
          .map(({ isReached }) => isReached.cast(u.dtype))
          .reduce((a, b) => a.mul(b))
          .equal(1),
      }
    },
    project(points) {
      for (let at = 0; at < points.length; at += width) {
        blocks.forEach(({ space, size }, i) => {
          space.project?.(points.subarray(at + starts[i], at + starts[i] + size), size)
        })
      }
    },
    projected: joined(
      ({ projected }) =>
        x =>
          projected?.(x) ?? x,
    ),
    noise: {
      is: blocks
        .map(({ space, size }) => `${space.noise.is} (${size} ${size === 1 ? 'number' : 'numbers'})`)
        .join(', then '),
      draw(random, points) {
        for (let at = 0; at < points.length; at += width) {
          blocks.forEach(({ space, size }, i) => {
            space.noise.draw(random, points.subarray(at + starts[i], at + starts[i] + size), size)
          })
        }
      },
      logDensity(points) {
        const sums = new Float64Array(points.length / width)
        blocks.forEach(({ space, size }, i) => {
          const own = new Float64Array(sums.length * size)
          for (let row = 0; row < sums.length; row++) {
            const from = row * width + starts[i]
            own.set(points.subarray(from, from + size), row * size)
          }
          space.noise.logDensity(own, size).forEach((value, row) => {
            sums[row] += value
          })
        })
        return sums
      },
    },
  })
}
