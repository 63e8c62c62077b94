import fc from 'fast-check'
import {
  concat,
  constant,
  GraphError,
  layerNorm,
  scatterAdd,
  select,
  stopGradient,
  type Tensor,
} from '../../src/autodiff/index.ts'

/** One step of a random program: an operation, and which of the values made so far it takes. */
export interface Instruction {
  readonly operation: number
  readonly left: number
  readonly right: number
  readonly choice: number
}

export const instructions = fc.array(
  fc.record({
    operation: fc.nat(999),
    left: fc.nat(999),
    right: fc.nat(999),
    choice: fc.nat(999),
  }),
  { minLength: 3, maxLength: 16 },
)

type Operation = (x: Tensor, y: Tensor, choice: number) => Tensor

const NUMBERS = [0, 1, -1, 2, -0.5, 3]
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]

/** Operations whose value and derivative are continuous wherever they are finite. */
const smooth: readonly Operation[] = [
  (x, y) => x.add(y),
  (x, y) => x.add(y),
  (x, y) => x.sub(y),
  (x, y) => x.mul(y),
  (x, y) => x.mul(y),
  (x, y) => x.div(y.square().add(1)),
  x => x.neg(),
  x => x.neg(),
  x => x.tanh().mul(3).sin(),
  x => x.tanh(),
  x => x.sigmoid(),
  x => x.silu(),
  x => x.gelu(),
  x => x.tanh().exp(),
  x => x.square().add(0.5).log(),
  x => x.square().add(0.5).sqrt(),
  x => x.square().add(0.5).pow(1.5),
  x => x.softmax(),
  x => x.logSoftmax(),
  x => layerNorm(x, 1),
  (x, _, c) => x.add(pick(NUMBERS, c)),
  (x, _, c) => x.mul(pick(NUMBERS, c)),
  (x, _, c) => x.sub(pick(NUMBERS, c)),
  (x, _, c) => x.div(pick(NUMBERS, c) || 4),
  (x, _, c) => constant(pick(NUMBERS, c), [], x.dtype).sub(x),
  (x, _, c) => constant(pick(NUMBERS, c), [c % 3, 3].slice(1 - (c % 2)), x.dtype).mul(x),
  (x, _, c) => x.mul(constant(pick(NUMBERS, c), c % 2 ? [2, 3] : [3], x.dtype)),
  (x, _, c) => x.add(constant([1, c, -2], [3], x.dtype)),
  (x, _, c) => x.sum(c % 2, true),
  x => x.sum(),
  (x, _, c) => x.mean(-1, c % 2 === 0),
  (x, _, c) => x.cumsum(0, c % 2 === 0),
  (x, y, c) => x.matmul(y, { transposeA: c % 2 === 0, transposeB: c % 4 < 2 }),
  (x, y) => x.matmul(y.transpose()),
  (x, y) => x.transpose().matmul(y),
  x => x.transpose(),
  (x, _, c) => x.transpose(x.shape.map((_, i) => (i + c) % x.rank)),
  (x, _, c) => x.transpose(x.shape.map((_, i) => (i + 1) % x.rank)).transpose(c % 2 ? [2, 1, 0] : [1, 0, 2]),
  x => x.reshape([x.shape.reduce((a, b) => a * b, 1)]),
  x => x.reshape([1, ...x.shape]),
  x => x.reshape([3, 2]),
  x => x.broadcastTo([2, ...x.shape.slice(-2)]),
  x => x.broadcastTo([2, 3]),
  (x, _, c) => x.slice(-1, 0, 1 + (c % 2)),
  (x, _, c) => x.slice(0, c % 2),
  x =>
    x.pad(
      x.shape.map(() => 0),
      x.shape.map((_, i) => Number(i === 0)),
    ),
  x =>
    x.pad(
      x.shape.map((_, i) => Number(i === 0)),
      x.shape.map(() => 0),
    ),
  (x, y, c) => concat([x, y], c % 2 ? 0 : -1),
  (x, y) => concat([x.slice(0, 0, 1), x.slice(0, 1), y], 0),
  (x, _, c) =>
    x.gather(
      constant(
        [c, 0, 1].map(i => i % (x.shape[0] ?? 1)),
        [3],
        'int64',
      ),
    ),
  (x, _, c) => scatterAdd(constant([c % 3, 0], [2], 'int64'), x, 3),
  (x, y) => stopGradient(x).mul(y),
]

/** The rest: kinks and jumps, taken where rounding cannot move them. */
const kinked: readonly Operation[] = [
  (x, y) => x.maximum(y),
  (x, y) => x.minimum(y),
  x => x.abs(),
  (x, _, c) => x.max(c % 2, true),
  x => x.max(),
]

/** The values that a random program makes, its inputs first. Steps that do not fit are left out. */
export function runProgram(
  program: readonly Instruction[],
  inputs: readonly Tensor[],
  { withKinks }: { withKinks: boolean },
): Tensor[] {
  const operations: readonly Operation[] = [
    ...smooth,
    ...(withKinks ? kinked : []),
    (x, y) => select(inputs[0].less(0.25), x, y),
    x => x.mul(inputs[0].equal(inputs[0]).cast(x.dtype)),
  ]
  const made = [...inputs]
  for (const { operation, left, right, choice } of program) {
    try {
      // Late values are taken often, so that programs are deep.
      const at = (i: number) => made[Math.max(0, made.length - 1 - (i % 5))]
      made.push(pick(operations, operation)(at(left), at(right), choice))
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
    }
  }
  return made
}
