import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeMessage,
  encodeMessage,
  framed,
  LONGEST_MESSAGE,
  unframer,
} from '../../src/studio/engine/wire.ts'

test('a message comes out as it went in', () => {
  const message = {
    type: 'ask',
    points: Float32Array.of(1.5, -2, Number.NaN),
    deep: [{ precise: Float64Array.of(Math.PI), file: Uint8Array.of(1, 2, 3) }, null, 'text', true],
    empty: new Float32Array(0),
    numbers: [Number.NaN, Infinity, -Infinity, 1e-300],
  }
  expect(decodeMessage(encodeMessage(message))).toEqual(message)
})

test('any plain value and any view of a larger array', () => {
  const array = fc
    .array(fc.float(), { maxLength: 20 })
    .map(values => Float32Array.of(7, ...values, 7).subarray(1, values.length + 1))
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double().filter(number => !Object.is(number, -0)),
      fc.boolean(),
      fc.constant(null),
      array,
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(
        fc.string({ minLength: 1, maxLength: 4 }).filter(key => key !== '__proto__' && key !== '\0'),
        tie('any'),
        {
          maxKeys: 4,
          noNullPrototype: true,
        },
      ),
    ),
  })).any
  fc.assert(
    fc.property(value, each => {
      expect(decodeMessage(encodeMessage(each))).toEqual(each)
    }),
  )
})

test('a stream in pieces of any size', () => {
  const messages = [{ a: 1 }, { b: Float32Array.of(1, 2, 3) }, { c: 'x'.repeat(50) }]
  const frames = messages.flatMap(message => [
    ...framed(encodeMessage(message)),
    ...framed(new Uint8Array(0)),
  ])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), sizes => {
      const seen: unknown[] = []
      const take = unframer(message => seen.push(decodeMessage(message)))
      for (let at = 0, i = 0; at < frames.length; i++) {
        const end = at + sizes[i % sizes.length]
        take(Uint8Array.from(frames.slice(at, end)))
        at = end
      }
      expect(seen).toEqual(messages)
    }),
  )
})

test('damaged messages are refused', () => {
  const whole = encodeMessage({ points: Float32Array.of(1, 2, 3, 4) })
  for (let length = 0; length < whole.length; length++) {
    expect(() => decodeMessage(whole.subarray(0, length)), String(length)).toThrow()
  }
  const long = new Uint8Array(4)
  new DataView(long.buffer).setUint32(0, LONGEST_MESSAGE + 1, true)
  expect(() => unframer(() => {})(long)).toThrow('too long')
})
