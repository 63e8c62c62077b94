/** How points go from noise to data. */
export interface Way {
  readonly steps: number
  readonly method: 'jump' | 'euler'
  readonly label: string
  /** As in "With two jumps, 98 of 100 points land on the data". */
  readonly words: string
}

export const WAYS: readonly Way[] = [
  { steps: 1, method: 'jump', label: '1 jump', words: 'With one jump' },
  { steps: 2, method: 'jump', label: '2 jumps', words: 'With two jumps' },
  { steps: 4, method: 'jump', label: '4 jumps', words: 'With four jumps' },
  { steps: 20, method: 'euler', label: '20 Euler steps', words: 'With 20 Euler steps' },
]
