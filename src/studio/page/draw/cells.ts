/** The next cell that has a value, in a direction; the same one where there is none. */
export function nextCell(
  values: readonly (readonly (number | null)[])[],
  [i, j]: readonly [number, number],
  key: string,
): readonly [number, number] | null {
  const moves: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  }
  const move = moves[key]
  if (!move) return null
  const next = [i + move[0], j + move[1]] as const
  return values[next[0]]?.[next[1]] == null ? [i, j] : next
}
