import { RunError } from '../serialization/run.ts'
import type { StoredTensor } from '../serialization/safetensors.ts'
import { reordered, rotatedTimes, scaled, type Tensors } from './dit-tensors.ts'
import type { AffineTime } from './fold.ts'
import { type Contents, listed } from './layers.ts'

/** The tensor that says that a file holds a transformer in this layout, behind whatever its program puts before names. */
const FIRST = 'x_embedder.proj.weight'
/** Not a parameter, but the table of positions that many files hold beside them. */
export const POSITIONS = 'pos_embed'

/** Our layers and those of the layout, outside of blocks and in each of them. */
const LAYERS = {
  'time.0.0': 't_embedder.mlp.0',
  'time.0.1': 't_embedder.mlp.2',
  'final.modulation': 'final_layer.adaLN_modulation.1',
  'final.out': 'final_layer.linear',
} as const
const BLOCK = {
  modulation: 'adaLN_modulation.1',
  qkv: 'attn.qkv',
  out: 'attn.proj',
  'mlp.0': 'mlp.fc1',
  'mlp.1': 'mlp.fc2',
} as const

const prefixesOf = ({ tensors }: Contents): string[] =>
  Object.keys(tensors)
    .filter(name => name === FIRST || name.endsWith(`.${FIRST}`))
    .map(name => name.slice(0, -FIRST.length))

/** Whether a file holds a transformer in the layout of DiT's published weights. */
export const isDit = (contents: Contents): boolean => prefixesOf(contents).length > 0

/**
 * The tensors of the one transformer in a file, without what its program puts before their names.
 *
 * @throws RunError when there are several
 */
export function tensorsIn(contents: Contents, file: string): { tensors: Tensors; others: string[] } {
  const prefixes = prefixesOf(contents)
  if (prefixes.length > 1) {
    const names = prefixes.map(prefix => prefix + FIRST)
    throw new RunError(
      `${file}: holds ${prefixes.length} transformers (${names.join(', ')}); keep one of them`,
    )
  }
  const [prefix] = prefixes
  const own = Object.entries(contents.tensors).filter(([name]) => name.startsWith(prefix))
  return {
    tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
    others: [
      ...Object.keys(contents.tensors).filter(name => !name.startsWith(prefix)),
      ...Object.keys(contents.others ?? {}),
    ],
  }
}

/** Sizes that the shapes of a file tell. */
export interface Sizes {
  readonly width: number
  readonly channels: number
  readonly patch: number
  readonly depth: number
  readonly hidden: number
  readonly frequencies: number
  readonly classes: number | undefined
}

/** @throws RunError when a tensor that tells them is missing, or of another rank */
export function sizesOf(tensors: Tensors, file: string): Sizes {
  const shape = (name: string, rank: number): readonly number[] => {
    const found = tensors[name]?.shape
    if (found?.length === rank) return found
    throw new RunError(
      `${file}: tensor ${name}: expected ${rank} axes, found ${found ? `[${found.join(', ')}]` : 'nothing'}; it holds ${listed({ tensors })}`,
    )
  }
  const [width, channels, patch, other] = shape(FIRST, 4)
  if (patch !== other) throw new RunError(`${file}: patches of ${patch} x ${other}; expected squares`)
  const blocks = Object.keys(tensors).flatMap(name => /^blocks\.(\d+)\./.exec(name)?.[1] ?? [])
  const table = tensors['y_embedder.embedding_table.weight']?.shape[0]
  return {
    ...{ width, channels, patch },
    depth: new Set(blocks).size,
    hidden: shape('blocks.0.mlp.fc1.weight', 2)[0],
    frequencies: shape('t_embedder.mlp.0.weight', 2)[1] / 2,
    // The last row is none.
    classes: table === undefined ? undefined : table - 1,
  }
}

/** The tensor that each of ours is read from. */
function namesOf({ depth, classes }: Sizes): Readonly<Record<string, string>> {
  const blocks = Array.from({ length: depth }, (_, i) =>
    Object.entries(BLOCK).map(([name, theirs]) => [`blocks.${i}.${name}`, `blocks.${i}.${theirs}`]),
  )
  const layers = [['patch', 'x_embedder.proj'], ...Object.entries(LAYERS), ...blocks.flat()]
  return {
    ...Object.fromEntries(
      layers.flatMap(([name, theirs]) =>
        ['weight', 'bias'].map(part => [`${name}.${part}`, `${theirs}.${part}`]),
      ),
    ),
    ...(classes !== undefined && { 'class.table': 'y_embedder.embedding_table.weight' }),
  }
}

/** What becomes of some tensors on the way. */
const changes = (
  sizes: Sizes,
  time: AffineTime,
  output: number,
  file: string,
): Readonly<Record<string, (tensor: StoredTensor) => StoredTensor>> => {
  const { width, patch, channels, frequencies } = sizes
  const final = (tensor: StoredTensor) => scaled(withoutVariance(tensor, sizes, file), output)
  return {
    // Channels come first there, as of a convolution.
    'patch.weight': tensor => {
      const { data } = reordered(tensor, [width, patch, patch, channels], ([unit, row, column, channel]) => [
        unit,
        channel,
        row,
        column,
      ])
      return { data, shape: [width, patch * patch * channels] }
    },
    'time.0.0.weight': tensor => rotatedTimes(tensor, frequencies, time),
    'final.out.weight': final,
    'final.out.bias': final,
  }
}

/** The outputs of a patch without those of a learned variance, which come behind the channels of each pixel. */
function withoutVariance(tensor: StoredTensor, { patch, channels }: Sizes, file: string): StoredTensor {
  const [outputs, ...rest] = tensor.shape
  const pixels = patch ** 2
  const each = outputs / pixels
  if (each === channels) return tensor
  if (each !== 2 * channels) {
    throw new RunError(
      `${file}: the last layer gives ${each} numbers for a pixel, expected ${channels}, or ${2 * channels} with a learned variance`,
    )
  }
  const size = tensor.data.length / outputs
  const { data } = reordered(
    { shape: [pixels, each, size], data: tensor.data },
    [pixels, channels, size],
    place => place,
  )
  return { shape: [pixels * channels, ...rest], data }
}

/**
 * Tensors by our names, in the orientation of our files.
 *
 * @param time  what the file's network sees of ours
 * @param output  its output times this is ours
 * @returns with the name that each was read from
 * @throws RunError when one is missing, or there is another
 */
export function ours(
  tensors: Tensors,
  sizes: Sizes,
  { time, output }: { readonly time: AffineTime; readonly output: number },
  file: string,
): { tensors: Tensors; from: Readonly<Record<string, string>> } {
  const from = namesOf(sizes)
  const read = new Set(Object.values(from))
  const missing = [...read].find(name => !tensors[name])
  if (missing) throw new RunError(`${file}: tensor ${missing}: expected one, found nothing`)
  const other = Object.keys(tensors).find(name => !read.has(name) && name !== POSITIONS)
  if (other) {
    throw new RunError(`${file}: tensor ${other} is none of DiT's layout, and the network another without it`)
  }
  const change = changes(sizes, time, output, file)
  const found = Object.entries(from).map(([name, theirs]) => [
    name,
    change[name]?.(tensors[theirs]) ?? tensors[theirs],
  ])
  return { tensors: Object.fromEntries(found), from }
}
