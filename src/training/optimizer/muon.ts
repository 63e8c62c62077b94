import { concat, sizeOf, type Tensor } from '../../autodiff/index.ts'
import type { Config } from '../../config/index.ts'
import type { Network } from '../../model/index.ts'
import { scaledByMoments } from './adam.ts'
import type { Transformation } from './transformation.ts'

/** `a s + b s^3 + c s^5` takes singular values between 0 and 1 into a band around 1, and small ones there fast. */
const [A, B, C] = [3.4445, -4.775, 2.0315]
const ITERATIONS = 5
/** Beside the norm, so that no gradient gives no update. */
const EPSILON = 1e-7
/** The root mean square of an update over the learning rate: about that of Adam's. */
const SIZE = 0.2

/**
 * `U V^T` of matrices `U S V^T`, `[..., rows, columns]`, about: singular values come between 0.7 and 1.2, and those below
 * some thousandths of the matrix's norm nearer to 0. Newton-Schulz iterations of Jordan et al. 2024 (Muon),
 * https://kellerjordan.github.io/posts/muon/.
 */
export function orthogonalized(matrices: Tensor): Tensor {
  const [rows, columns] = matrices.shape.slice(-2)
  const isWide = rows <= columns
  let x = matrices.div(matrices.square().sum([-2, -1], true).sqrt().add(EPSILON))
  for (let i = 0; i < ITERATIONS; i++) {
    const square = x.matmul(x, isWide ? { transposeB: true } : { transposeA: true })
    const factor = square.mul(B).add(square.matmul(square).mul(C))
    x = x.mul(A).add(isWide ? factor.matmul(x) : x.matmul(factor))
  }
  return x
}

/** One array of parameters in the flat vector. */
interface Piece {
  readonly start: number
  readonly end: number
  readonly shape: readonly number[]
  /** Matrices that are orthogonalised each, side by side along its outputs; 0 for none. */
  readonly matrices: number
}

/** Weights of linear layers but the first and the last, unless the network says otherwise; see `ParameterSpec`. */
export function piecesOf({ parameters }: Pick<Network, 'parameters'>): Piece[] {
  const specs = Object.values(parameters)
  const hidden = new Set(specs.filter(({ transposed }) => transposed).slice(1, -1))
  let end = 0
  return specs.map(spec => {
    const start = end
    end += sizeOf(spec.shape)
    return { start, end, shape: spec.shape, matrices: spec.hiddenMatrices ?? Number(hidden.has(spec)) }
  })
}

/** `[matrices, rows, columns]` of a flat piece. */
const stacked = (flat: Tensor, { shape: [rows, all], matrices }: Piece): Tensor =>
  flat.reshape([rows, matrices, all / matrices]).transpose([1, 0, 2])

const unstacked = (stack: Tensor, { start, end }: Piece): Tensor =>
  stack.transpose([1, 0, 2]).reshape([end - start])

const matrixOf = ({ shape: [rows, all], matrices }: Piece): string => [rows, all / matrices].join(' x ')

/** Orthogonalises pieces, those of equal matrices at once, and brings each to the size of Adam's updates. */
function orthogonalizedPieces(directions: ReadonlyMap<Piece, Tensor>): ReadonlyMap<Piece, Tensor> {
  const pieces = [...directions.keys()]
  const done = [...new Set(pieces.map(matrixOf))].flatMap(matrix => {
    const alike = pieces.filter(piece => matrixOf(piece) === matrix)
    const stack = concat(
      alike.map(piece => stacked(directions.get(piece)!, piece)),
      0,
    )
    const result = orthogonalized(stack).mul(SIZE * Math.sqrt(Math.max(...stack.shape.slice(-2))))
    let end = 0
    return alike.map(piece => {
      const start = end
      end += piece.matrices
      return [piece, unstacked(result.slice(0, start, end), piece)] as const
    })
  })
  return new Map(done)
}

/**
 * Muon: the momentum of each matrix of a hidden layer, orthogonalised, with Nesterov's look ahead; everything else by Adam.
 * Updates of matrices are multiplied by `0.2 sqrt(max(rows, columns))`, so that they are as large as Adam's and one learning
 * rate fits both: Liu et al. 2025 (Moonlight), arXiv:2502.16982, section 2.2.
 *
 * A matrix has its momentum in `first`, and nothing in `second`.
 */
export function scaledByMuon(
  optimizer: Config['optimizer'],
  network: Pick<Network, 'parameters'>,
): Transformation {
  const { momentum } = optimizer
  const pieces = piecesOf(network)
  const hidden = pieces.filter(({ matrices }) => matrices > 0)
  const others = pieces.filter(({ matrices }) => matrices === 0)
  const adam = scaledByMoments(optimizer)
  const take = (flat: Tensor, { start, end }: Piece) => flat.slice(0, start, end)
  const rest = (flat: Tensor) => concat(others.map(piece => take(flat, piece)))
  /** The flat vector of what the matrices have and what the others have. */
  const joined = (matrices: (piece: Piece) => Tensor, other: Tensor): Tensor => {
    let end = 0
    return concat(
      pieces.map(piece => {
        if (piece.matrices > 0) return matrices(piece)
        const start = end
        end += piece.end - piece.start
        return other.slice(0, start, end)
      }),
    )
  }
  return {
    init: adam.init,
    update: (update, { first, second }) => {
      const { direction, parameters, rates } = update
      const byAdam = adam.update(
        { parameters: rest(parameters), direction: rest(direction), rates },
        { first: rest(first), second: rest(second) },
      )
      const sums = new Map(
        hidden.map(piece => [piece, take(first, piece).mul(momentum).add(take(direction, piece))]),
      )
      const ahead = hidden.map(
        piece => [piece, take(direction, piece).add(sums.get(piece)!.mul(momentum))] as const,
      )
      const turned = orthogonalizedPieces(new Map(ahead))
      const rate = rates.slice(0, 2, 3)
      return {
        update: {
          ...update,
          direction: joined(piece => turned.get(piece)!.mul(rate), byAdam.update.direction),
        },
        state: {
          first: joined(piece => sums.get(piece)!, byAdam.state.first),
          second: joined(piece => take(second, piece), byAdam.state.second),
        },
      }
    },
  }
}
