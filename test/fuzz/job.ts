import { readFileSync } from 'node:fs'

/** What a process of its own tries; see `worker.ts`. */
export interface Job {
  readonly target: string
  readonly seed: number
  /** Places of the inputs in the run of that seed. */
  readonly from: number
  readonly to: number
  /** In place of made ones: files that hold one input each. */
  readonly files?: readonly string[]
  /** Of its own, for the reader. */
  readonly folder: string
  /** Holds what it is at: the place of the input as a number of 64 bits, then the input. */
  readonly state: string
}

/** A promise that an input has broken. */
export interface Find {
  readonly place: number
  readonly kind: 'error' | 'hang' | 'memory' | 'escape' | 'pollution' | 'crash'
  /** What was thrown, with its trace, or what else was seen. */
  readonly text: string
  readonly input: Uint8Array
}

export interface Done {
  /** Inputs that were read, and that were refused with an error of ours. */
  readonly read: number
  readonly refused: number
  /** Blocks of the sources that have run, and inputs kept because they reached new ones. */
  readonly blocks: number
  readonly kept: number
  /** Longest milliseconds of one input, and the most MiB that the process grew by. */
  readonly slowest: number
  readonly memory: number
}

export type Message =
  | { readonly type: 'found'; readonly find: Omit<Find, 'input'> & { readonly input: string } }
  | { readonly type: 'opened' }
  | { readonly type: 'done'; readonly done: Done }

/** What a process was at when it ended. */
export function readState(file: string): { place: number; input: Uint8Array } {
  const bytes = readFileSync(file)
  if (bytes.length < 16) return { place: -1, input: new Uint8Array() }
  const [place, length] = [0, 8].map(at => Number(bytes.readBigInt64LE(at)))
  return { place, input: bytes.subarray(16, 16 + length) }
}
