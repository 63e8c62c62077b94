/** What a point of noise that is held by hand does, wherever one can be. */
export type Place = readonly [number, number]

/** How far from the middle it may go. */
const MOST = 3
/** How far an arrow key moves it. */
const STEP = 0.1

const within = (value: number): number => Math.min(MOST, Math.max(-MOST, Math.round(value * 100) / 100))

/** The nearest place where it may be, in hundredths. */
export const heldPlace = ([x, y]: Place): [number, number] => [within(x), within(y)]

const DIRECTIONS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

/** Where an arrow key moves a place to; nothing for other keys. */
export function movedByKey(key: string, [x, y]: Place, step = STEP): Place | undefined {
  const direction = DIRECTIONS[key]
  return direction && [x + step * direction[0], y + step * direction[1]]
}
