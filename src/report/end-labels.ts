import type * as Plot from '@observablehq/plot'
import { spreadApart } from './axes.ts'
import { truncate } from './format.ts'
import { element, round, textWidth } from './svg.ts'

/** From the end of the plot's frame to a name, in CSS pixels. */
export const labelOffset = 40

/** A name to write beside the end of a line. */
export interface EndLabel {
  readonly text: string
  /** Where the line ends, in the units of the data. */
  readonly x: number
  readonly y: number
  /** Of the line that leads to the name; `null` for a thin one in ink. */
  readonly colour: string | null
  /** Repeated before the name. */
  readonly marker: string | null
}

/**
 * A Plot mark that names lines in the right margin, moved apart where they would overlap and tied to their line's
 * end by a thin leader. Names longer than the margin are cut.
 *
 * @param room  width of the right margin in CSS pixels
 */
export function endLabels(labels: readonly EndLabel[], room: number): Plot.RenderFunction {
  return (_index, scales, _values, dimensions, context) => {
    const { document } = context
    const group = element(document, 'g', { 'text-anchor': 'start' })
    const wanted = labels.map(({ y }) => scales.y!(y))
    const placed = spreadApart(
      wanted,
      16,
      dimensions.marginTop - 6,
      dimensions.height - dimensions.marginBottom + 6,
    )
    const edge = dimensions.width - dimensions.marginRight
    labels.forEach(({ text, x, colour, marker }, i) => {
      const [start, y] = [round(scales.x!(x)), round(placed[i])]
      const stroke = colour ?? 'currentColor'
      const d = `M${start + 6},${round(wanted[i])}L${round(edge + 22)},${y}h4`
      group.append(element(document, 'path', { d, fill: 'none', stroke, 'stroke-opacity': 0.55 }))
      if (marker) {
        const transform = `translate(${round(edge + 32)},${y}) scale(.85)`
        group.append(element(document, 'path', { d: marker, fill: stroke, transform }))
      }
      const fitting = Math.floor((room - labelOffset) / textWidth('x'))
      group.append(
        element(
          document,
          'text',
          { x: round(edge + (marker ? labelOffset : labelOffset - 10)), y, dy: '.35em' },
          truncate(text, fitting),
        ),
      )
    })
    return group
  }
}
