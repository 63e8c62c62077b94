import { escapeHtml } from './format.ts'
import { heatMap } from './heat-map.ts'
import { responsive } from './html-figures.ts'
import { type PathFrame, panelTitle, pathFrame, pathPanel } from './path-plot.ts'
import { axesText } from './points.ts'
import { lossCurves, lossGroup, lossTimePlot, type MapGroup, numbersOf, residualGroups } from './time-maps.ts'
import type { ComparisonData, Method, PathData } from './types.ts'

const figure = (panels: readonly string[], caption: string, more = '', kind = ''): string =>
  panels.length === 0
    ? ''
    : `<figure><div class="panels${kind}">${panels.join('')}</div><figcaption>${escapeHtml(caption)}</figcaption>${more}</figure>`

/**
 * Jumps beside the paths of the ODE: for one run every number of steps; for several methods each at its fewest.
 */
export function pathFigure({ methods, dataset, reference }: ComparisonData): string {
  const several = methods.filter(({ diagnostics }) => diagnostics).length > 1
  const drawn = methods.flatMap(({ label, diagnostics }) => {
    const paths = diagnostics?.paths
    if (!paths || paths.jumps.length === 0) return []
    return [{ label, paths: several ? { ...paths, jumps: paths.jumps.slice(0, 1) } : paths }]
  })
  const frame = pathFrame(
    drawn.map(({ paths }) => paths),
    dataset,
    reference,
  )
  const panels = drawn.flatMap(({ label, paths }) => {
    return paths.jumps.map(way => {
      const named = several ? { heading: panelTitle(way, label), title: `Paths of ${label}` } : {}
      return pathPanel(frame, paths, way, { standalone: false, ...named })
    })
  })
  return figure(
    panels,
    pathCaption(
      drawn.map(({ paths }) => paths),
      frame,
    ),
    '',
    !several && panels.length % 3 !== 0 ? ' pairs' : '',
  )
}

function pathCaption(drawn: readonly PathData[], { dimension, axes, curved }: PathFrame): string {
  const fields = drawn.map(({ field }) => field)
  const strayed = drawn.some(({ jumps }) => jumps.some(({ strays }) => strays?.includes(1)))
  const own = fields.includes('own') ? 'the curve of its own velocity, integrated' : ''
  const exact = fields.includes('exact')
    ? `the exact curve of the data${own ? ' where a method learns no velocity' : ''}`
    : ''
  const curves = [own, exact].filter(Boolean).join(', or ')
  return [
    'Coloured lines with dots: jumps of the map from noise to data, each from the same noise.',
    ...(curves ? [`Grey curves: ${curves}; "apart" is the mean distance between the ends of the two.`] : []),
    ...(strayed ? ['Red ends stray: they are off the data.'] : []),
    ...(curved
      ? [
          `${curved.view.legend.join(' ')} ${curved.view.panels.length > 1 ? `Panels show the picture “${curved.view.panels[0].name}”; what is out of its sight is faint. ` : ''}Jumps are drawn along the shortest way, and distances are measured along it.`,
        ]
      : []),
    ...(dimension > 1 || curved
      ? ['Faint dots: data.']
      : ['Time runs across, from noise at 1 to data at 0.']),
    ...(dimension > 2 && !curved ? [`${axesText(axes, dimension)}; distances are of all.`] : []),
    ...(drawn.some(({ standardization }) => standardization)
      ? ['Points and distances are in standard deviations of the data, from its mean.']
      : []),
  ].join(' ')
}

const groupFigure = ({ maps, name }: MapGroup, caption: string): string =>
  figure(
    maps.map(({ map, scale }) => heatMap(map, { scale, standalone: false, title: `${name}: ${map.title}` })),
    caption,
    numbers([{ name, maps }]),
  )

/** The numbers behind the colours, folded away. */
function numbers(groups: readonly MapGroup[]): string {
  const tables = groups.flatMap(({ name, maps }) =>
    maps.map(({ map }) => {
      const { head, rows } = numbersOf(map)
      const columns = head.map(text => `<th scope="col">${escapeHtml(text)}</th>`).join('')
      const body = rows.map(
        ([first, ...rest]) =>
          `<tr><th scope="row">${first}</th>${rest.map(text => `<td>${text}</td>`).join('')}</tr>`,
      )
      const caption = name.startsWith(map.title) ? name : `${name}: ${map.title}`
      return (
        `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}">` +
        `<table class="numbers"><caption>${escapeHtml(caption)}</caption><thead><tr>${columns}</tr></thead>` +
        `<tbody>${body.join('')}</tbody></table></div>`
      )
    }),
  )
  return `<details><summary>The numbers as tables</summary>${tables.join('')}</details>`
}

const RESIDUALS =
  'Root mean square over points of the training path at time s. Semigroup error: between one jump from s to t and two. ' +
  'Lagrangian residual: between the speed of the jump’s end as t moves and the velocity there. Eulerian residual: ' +
  'of the jump’s end as its beginning moves along the velocity. All are 0 for a flow map.'

/** Residuals over pairs of times: for one run the three kinds beside each other, for several methods a row for each kind. */
export function residualFigures(methods: readonly Method[], unit: string): string {
  const groups = residualGroups(methods)
  if (groups.length === 0) return ''
  const units = `Units: ${unit}, and ${unit} per unit of time for the last two.`
  if (groups.every(({ maps }) => maps.length === 1)) {
    const panels = groups.flatMap(({ maps, name }) =>
      maps.map(({ map, scale }) => heatMap(map, { scale, standalone: false, title: name })),
    )
    return figure(panels, `${RESIDUALS} ${units} Each map has a colour scale of its own.`, numbers(groups))
  }
  return (
    groups.map(group => `<h3>${group.name}</h3>${groupFigure(group, 'One colour scale for all.')}`).join('') +
    `<p class="soft">${RESIDUALS} ${escapeHtml(units)}</p>`
  )
}

const LOSSES =
  'Mean squared residual of each sample on fresh draws, without weights over times, in bins of the times drawn. ' +
  'A loss whose target is itself random (such as flow matching) does not go to 0.'

/** The loss over pairs of times as heat maps and over one time as curves. */
export function lossTimeFigures(methods: readonly Method[]): string {
  const group = lossGroup(methods)
  const curves = lossCurves(methods)
  const draw = (width: number): string =>
    lossTimePlot(curves, { width, standalone: false, title: 'Loss by one time; bins of equal width' })
  const several =
    group.maps.length > 1
      ? ' One colour scale for all; compare where a loss is large, not how large it is.'
      : ''
  const maps = group.maps.length > 0 ? groupFigure(group, `${LOSSES}${several}`) : ''
  const lines =
    curves.length > 0 ? responsive(draw, maps ? 'Losses that are about one time.' : escapeHtml(LOSSES)) : ''
  // One map leaves room beside it.
  const [wide, beside] = group.maps.length > 1 ? [maps, lines] : ['', maps + lines]
  return wide + (beside && `<div class="figures">${beside}</div>`)
}
