import { readCommand } from '../../../src/studio/engine/commands.ts'
import { decodeMessage, encodeMessage, framed, unframer } from '../../../src/studio/engine/wire.ts'
import { freshPlan } from '../../../src/studio/plan.ts'
import type { Form } from '../forms/form.ts'
import { json } from '../forms/json.ts'
import { Refused, refusing } from '../refused.ts'
import type { Target } from '../target.ts'

/** The length of its JSON, the JSON, and arrays of numbers. */
const message: Form = {
  change(input, drawn, words) {
    if (input.length < 4) return undefined
    const length = new DataView(input.buffer, input.byteOffset).getUint32(0, true)
    const changed = json.change(input.subarray(4, 4 + length), drawn, words)
    if (!changed) return undefined
    const size = Buffer.alloc(4)
    size.writeUInt32LE(changed.length)
    const start = 8 * Math.ceil((4 + changed.length) / 8)
    const gap = Buffer.alloc(start - 4 - changed.length)
    return Buffer.concat([size, changed, gap, input.subarray(8 * Math.ceil((4 + length) / 8))])
  },
}

const points = Float32Array.of(0, 1, 2, 3)
const commands = [
  { type: 'open', run: 'a', plan: freshPlan, revision: 0 },
  { type: 'open', run: 'a', plan: { ...freshPlan, start: 'example' }, file: new Uint8Array(16) },
  { type: 'ask', run: 'a', id: 1, name: 'jump', ask: { points, s: 1, t: 0, weights: 'ema' }, class: 0 },
  { type: 'ask', run: 'a', id: 2, name: 'path', ask: { points, times: [1, 0.5, 0] } },
  { type: 'ask', run: 'a', id: 3, name: 'file', ask: { format: 'onnx', weights: 'raw' } },
  { type: 'change', run: 'a', stage: { objective: 'psd', learningRate: 0.001, keep: true } },
  { type: 'pause-players', run: 'a', players: ['map'], revision: 1 },
  { type: 'show', run: 'a', count: 100, weights: 'ema' },
  { type: 'step', run: 'a', steps: 10 },
  { type: 'close', run: 'a' },
]

export const target: Target = {
  form: message,
  words: [
    'type',
    'run',
    'open',
    'ask',
    'train',
    'points',
    'plan',
    'file',
    '\0',
    'Float32Array',
    'Float64Array',
    'length',
  ],
  errors: ['CommandError', 'Refused'],
  share: 100_000,
  async open() {
    return {
      corpus: commands.map(encodeMessage),
      async read(input, drawn) {
        // As a stream it comes in pieces, the lengths of which are anybody's.
        if (drawn.integer(4) === 0) {
          const take = unframer(() => {})
          const stream = drawn.integer(2) === 0 ? framed(input) : input
          const cut = drawn.integer(stream.length + 1)
          await refusing(/^a message is too long$/, () => {
            take(stream.subarray(0, cut))
            take(stream.subarray(cut))
          })
        }
        let content: unknown
        try {
          content = decodeMessage(input)
        } catch {
          // What the server answers to anything that does not decode.
          throw new Refused('the request holds no command')
        }
        readCommand(content)
      },
    }
  },
}
