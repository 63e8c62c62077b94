/** What is timed: one training step. */
export interface Workload {
  readonly name: string
  readonly objective: 'psd' | 'lsd' | 'meanflow' | 'flow-matching'
  readonly batch: number
  /** A transformer on pictures; absent for a perceptron on the ring. */
  readonly picture?: {
    readonly size: number
    readonly patch: number
    readonly width: number
    readonly depth: number
    readonly heads: number
    readonly frequencies: number
  }
}

/** Steps of one timing: long enough to be steady, short enough to alternate. */
export const stepsOf = ({ batch, picture }: Workload): number => (picture ? 2 : batch > 1024 ? 25 : 100)

const ring = (batch: number): Workload[] =>
  (['psd', 'lsd', 'meanflow'] as const).map(objective => ({
    name: `train-${objective}-${batch}`,
    objective,
    batch,
  }))

const SHORT = { 'flow-matching': 'fm', psd: 'psd', meanflow: 'meanflow' } as const

const pictures = (size: number, patch: number): Workload[] =>
  (['flow-matching', 'psd', 'meanflow'] as const).map(objective => ({
    name: `train-dit-${SHORT[objective]}-${size}`,
    objective,
    batch: 64,
    picture: { size, patch, width: 128, depth: 6, heads: 4, frequencies: 64 },
  }))

/**
 * The rows of `oxbow bench`.
 *
 * @param quick  without those that take long
 * @param only  a part of the names that are wanted
 */
export const workloads = (quick: boolean, only = ''): Workload[] =>
  [...ring(512), ...(quick ? [] : ring(4096)), ...pictures(28, 4), ...(quick ? [] : pictures(16, 2))].filter(
    ({ name }) => name.includes(only),
  )
