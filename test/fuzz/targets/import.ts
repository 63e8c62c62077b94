import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeNpz } from '../../../src/data/npy.ts'
import { type ConventionName, conventions } from '../../../src/importing/conventions.ts'
import { importModel } from '../../../src/importing/import.ts'
import { readWeights } from '../../../src/importing/weights-file.ts'
import { encodeSafetensors, type StoredTensor } from '../../../src/serialization/safetensors.ts'
import { type Form, pick } from '../forms/form.ts'
import { zip } from '../forms/packed.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'

const isZip = (input: Uint8Array): boolean => input[0] === 0x50
const either: Form = {
  change: (input, drawn, words) => (isZip(input) ? zip : safetensors).change(input, drawn, words),
  repair: input => (isZip(input) ? input : safetensors.repair!(input)),
}

const tensor = (...shape: number[]): StoredTensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
})
const sequential = {
  'net.0.weight': tensor(4, 4),
  'net.0.bias': tensor(4),
  'net.2.weight': tensor(4, 4),
  'net.2.bias': tensor(4),
  'net.4.weight': tensor(2, 4),
  'net.4.bias': tensor(2),
}
const flax = {
  'params/Dense_0/kernel': tensor(4, 4),
  'params/Dense_0/bias': tensor(4),
  'params/Dense_1/kernel': tensor(4, 2),
  'params/Dense_1/bias': tensor(2),
}
const dit = {
  'x_embedder.proj.weight': tensor(8, 1, 2, 2),
  'x_embedder.proj.bias': tensor(8),
  't_embedder.mlp.0.weight': tensor(8, 8),
  't_embedder.mlp.0.bias': tensor(8),
  't_embedder.mlp.2.weight': tensor(8, 8),
  't_embedder.mlp.2.bias': tensor(8),
  pos_embed: tensor(1, 4, 8),
  'blocks.0.attn.qkv.weight': tensor(24, 8),
  'blocks.0.attn.qkv.bias': tensor(24),
}

export const target: Target = {
  form: either,
  words: [
    'net.0.weight',
    'bias',
    'kernel',
    'F32',
    'F16',
    'BF16',
    'I64',
    'x_embedder.proj.weight',
    'pos_embed',
    'a.npy',
  ],
  errors: ['RunError', 'ConfigError'],
  share: 60_000,
  async open(folder) {
    const [st, npz] = ['x.safetensors', 'x.npz'].map(name => join(folder, name))
    const names = Object.keys(conventions) as ConventionName[]
    return {
      corpus: [
        ...[sequential, flax, dit].map(tensors => encodeSafetensors({ tensors, metadata: {} })),
        encodeNpz(flax),
        encodeNpz(sequential),
      ],
      read(input, drawn) {
        const file = isZip(input) ? npz : st
        writeFileSync(file, input)
        importModel(readWeights(file), file, { convention: pick(names, drawn) })
      },
    }
  },
}
