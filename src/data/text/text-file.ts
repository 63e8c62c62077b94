import { basename } from 'node:path'
import type { Dataset, Tokens, Values } from '../dataset.ts'
import { different } from '../different.ts'
import type { Source } from '../source.ts'
import type { Rules } from '../split-rule.ts'
import { duplicateWarnings, splitWarnings } from '../warnings.ts'
import { fillOneHot } from './one-hot.ts'
import { type ReadText, readText, type TextFileOptions } from './read-text.ts'
import { sidesOf } from './sides.ts'

/** A file of text: a sequence for each line, or one stream cut into sequences. */
export function textFileSource(options: TextFileOptions): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { text: { ...options, path: '' } },
    async read(sink) {
      const read = await readText(options)
      const [K, rows] = [read.alphabet.length, read.sequences.starts.length]
      sink.begin({ dimension: read.length * K, bytes: true })
      const point = new Float32Array(read.length * K)
      const fill = filler(read)
      const tokens = new Uint16Array(read.length)
      for (let i = 0; i < rows; i++) {
        fill(i, tokens, 0)
        fillOneHot(tokens, K, point)
        sink.push(Uint8Array.from(point), undefined, read.sequences.lines[i])
      }
      return read.sha256
    },
    open: async opened => textDataset(options, await readText(options), opened),
  }
}

/** Writes a sequence by the numbers of its symbols, the rest filled. */
function filler({ numbers, sequences: { starts, ends }, length, alphabet, end }: ReadText) {
  const fill = end === undefined ? 0 : alphabet.indexOf(end)
  return (row: number, out: Uint16Array, at: number): void => {
    out.fill(fill, at, at + length)
    out.set(numbers.subarray(starts[row], ends[row]), at)
  }
}

function textDataset(
  options: TextFileOptions,
  read: ReadText,
  { holdOut, rules }: { readonly holdOut: number; readonly rules: Rules },
): Dataset {
  const { path, unit = 'character', length: asked, step = asked, as } = options
  const { codes, sequences, alphabet, length, end, sha256 } = read
  const K = alphabet.length
  const findings = sidesOf(codes, sequences, { holdOut, rules })
  const { rows, sides } = findings
  const fill = filler(read)
  const write = (next: () => number, out: Uint16Array): void => {
    for (let at = 0; at < out.length; at += length) fill(next(), out, at)
  }
  const tokens: Required<Tokens> = {
    sample: (random, out) => write(() => sides.row(false, random.integer(sides.training)), out),
    take(side, random, out) {
      const held = side === 'heldOut'
      const next = different(out.length / length, held ? sides.heldOut : sides.training, random)
      write(() => sides.row(held, next()), out)
    },
  }
  const oneHot = (out: Values, draw: (tokens: Uint16Array) => void): void => {
    const drawn = new Uint16Array(out.length / K)
    draw(drawn)
    fillOneHot(drawn, K, out)
  }
  const overlaps = as === 'stream' && step! < length
  const warnings = [
    ...duplicateWarnings(findings),
    ...splitWarnings(findings, holdOut),
    ...(overlaps
      ? [
          `sequences of ${length} symbols overlap (step ${step}): held-out ones share symbols with those trained on`,
        ]
      : []),
  ]
  return {
    name: basename(path),
    shape: [length, K],
    dimension: length * K,
    space: 'simplex',
    text: {
      ...{ alphabet, unit, length, tokens },
      ...(end !== undefined && { end }),
      ...(as === 'stream' && { stream: true }),
    },
    split: {
      ...{ training: sides.training, heldOut: sides.heldOut, rules },
      take: (side, random, out) => oneHot(out, drawn => tokens.take(side, random, drawn)),
    },
    warnings: warnings.map(line => `${path}: ${line}`),
    fingerprint: { sha256, rows, minimum: [0], maximum: [1] },
    sample: (random, out) => oneHot(out, drawn => tokens.sample(random, drawn)),
  }
}
