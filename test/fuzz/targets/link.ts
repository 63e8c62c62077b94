import { strFromU8, strToU8 } from 'fflate'
import { pack, unpack } from '../../../src/studio/engine/bytes.ts'
import { freshPlan } from '../../../src/studio/plan.ts'
import { decodeState, encodeState, initialState, readView } from '../../../src/studio/state.ts'
import type { Form } from '../forms/form.ts'
import { json } from '../forms/json.ts'
import { refusing } from '../refused.ts'
import type { Target } from '../target.ts'
import { utf8 } from '../trained.ts'

/** JSON, deflated, in the letters of an address. */
const link: Form = {
  change(input, drawn, words) {
    try {
      const changed = json.change(unpack(strFromU8(input), 1 << 20), drawn, words)
      return changed && strToU8(pack(changed))
    } catch {
      return undefined
    }
  },
}

const states = [
  initialState,
  { ...initialState, view: 'steer' as const, runs: [freshPlan, { ...freshPlan, seed: 3 }], selected: 1 },
  {
    ...initialState,
    runs: [
      {
        ...freshPlan,
        target: { kind: 'density' as const, side: 64, bytes: pack(new Uint8Array(64 * 64).fill(3)) },
      },
    ],
  },
]

export const target: Target = {
  form: link,
  words: [
    'kind',
    'density',
    'points',
    'unknown',
    'built-in',
    'ring',
    'psd',
    'painted',
    'tilt',
    'runs',
    'selected',
    'example',
  ],
  errors: ['Refused'],
  share: 60_000,
  async open() {
    return {
      corpus: states.map(state => utf8(encodeState(state))),
      async read(input) {
        const text = new TextDecoder().decode(input)
        readView(text)
        const state = await refusing(/^This link is damaged/, () => decodeState(text))
        encodeState(state)
      },
    }
  },
}
