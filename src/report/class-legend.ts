import { truncate } from './format.ts'
import { palette } from './palette.ts'
import { textWidth } from './svg.ts'

/** Of a class by its number: those of the palette, and ink for classes beyond them. */
export const classColour = (k: number): string => palette[k]?.colour ?? 'currentColor'

interface Entry {
  readonly name: string
  readonly colour: string
}

/** What the colours of dots are, where these have classes: a name for each colour. */
export function classLegend(names: readonly string[] = []): readonly Entry[] {
  const named = names
    .slice(0, palette.length)
    .map((name, k) => ({ name: `class ${name}`, colour: classColour(k) }))
  const more = names.length - palette.length
  return more > 0
    ? [...named, { name: `${more} more ${more === 1 ? 'class' : 'classes'}`, colour: 'currentColor' }]
    : named
}

/** The entries of that legend in lines of a width: how far from the left, and in which line. */
export function placedLegend(names: readonly string[] | undefined, width: number) {
  let [left, line] = [2, 0]
  return classLegend(names).map(entry => {
    const name = truncate(entry.name, 30)
    const size = textWidth(name) + 30
    if (left > 2 && left + size > width) [left, line] = [2, line + 1]
    const placed = { ...entry, name, left, line }
    left += size
    return placed
  })
}
