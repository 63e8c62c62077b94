import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { constant, DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { onnxProblem } from '../../src/runtime/protobuf.ts'

const bytes = (...fields: readonly (readonly [number, Uint8Array | string | number])[]): Uint8Array => {
  const writer = new BinaryWriter()
  for (const [field, value] of fields) {
    if (typeof value === 'number') writer.tag(field, 0).int64(value)
    else if (typeof value === 'string') writer.tag(field, 2).string(value)
    else writer.tag(field, 2).bytes(value)
  }
  return writer.finish()
}

const shape = (name: string, ...axes: number[]): Uint8Array =>
  bytes([1, axes.length], [2, 7], [8, name], [9, new Uint8Array(BigInt64Array.from(axes, BigInt).buffer)])
const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  ...more: [number, Uint8Array][]
): Uint8Array => bytes(...inputs.map(name => [1, name] as const), [2, output], [4, op], ...more)
const file = (...graph: [number, Uint8Array][]): Uint8Array => bytes([1, 8], [7, bytes(...graph)])

describe('an ONNX file that asks for far more memory than it is large is refused', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'zeros of a shape',
      file([5, shape('s', 100_000, 100_000)], [1, node('ConstantOfShape', ['s'], 'y')]),
      /ConstantOfShape\) makes 10000000000 numbers/,
    ],
    [
      'copies',
      file([5, shape('s', 1000, 1000, 1000)], [1, node('Tile', ['x', 's'], 'y')]),
      /Tile\) makes 1000000000/,
    ],
    [
      'an expansion by a constant',
      file(
        [1, node('Constant', [], 's', [5, bytes([1, 'value'], [5, shape('', 1 << 15, 1 << 15)])])],
        [1, node('Expand', ['x', 's'], 'y')],
      ),
      /Expand\) makes 1073741824/,
    ],
    [
      'a tensor without its numbers',
      file([5, bytes([1, 1_000_000], [1, 1_000_000], [2, 1], [8, 'w'])]),
      /says that it holds 1000000000000 numbers, in \d+ bytes/,
    ],
  ])('%s', (_, content, message) => {
    expect(onnxProblem(content)).toMatch(message)
  })

  test('and a sound one is not', () => {
    const graph = trace(
      ({ x }) => x.mul(constant(Float64Array.from({ length: 4000 }, Math.sin), [1, 4000])),
      {
        x: spec([DYNAMIC, 4000]),
      },
    )
    expect(onnxProblem(lower(simplify(graph)))).toBeUndefined()
    expect(
      onnxProblem(file([5, shape('s', 64, 64)], [1, node('ConstantOfShape', ['s'], 'y')])),
    ).toBeUndefined()
  })
})
