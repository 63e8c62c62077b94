import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../serialization/files.ts'
import { readText } from '../serialization/read-file.ts'
import { heatMapBody, heatMapSize } from './heat-map.ts'
import { curvesPlot, lossPlot, residualCurves } from './line-plots.ts'
import { pathFrame, pathPanelBody, pathPanelSize } from './path-plot.ts'
import { inPercent } from './results-table.ts'
import { sampleGrid } from './sample-grid.ts'
import { solverPlot } from './solver-plot.ts'
import { svgToPng, tiles } from './svg.ts'
import { textSheet } from './text-sheet.ts'
import { lossCurves, lossGroup, lossTimePlot, type MapGroup, residualGroups } from './time-maps.ts'
import type { ComparisonData, RunData } from './types.ts'
import { weightPlot } from './weight-plot.ts'

type Named = readonly [name: string, svg: string]

const fileName = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-')

const mapTiles = (name: string, groups: readonly MapGroup[], title: string): Named[] => {
  const maps = groups.flatMap(group => group.maps)
  if (maps.length === 0) return []
  const bodies = maps.map(({ map, scale }) => heatMapBody(map, scale))
  return [[name, tiles(bodies, heatMapSize, { title })]]
}

function pathTiles({ methods, dataset, reference }: ComparisonData): Named[] {
  return methods.flatMap(({ id, label, diagnostics }): Named[] => {
    if (!diagnostics?.paths || diagnostics.paths.jumps.length === 0) return []
    const frame = pathFrame([diagnostics.paths], dataset, reference)
    const bodies = diagnostics.paths.jumps.map(way => pathPanelBody(frame, diagnostics.paths!, way))
    const { standardization } = diagnostics.paths
    const astray = diagnostics.paths.jumps.some(({ strays }) => strays?.includes(1))
    const units = standardization ? ', in standard deviations' : ''
    const title = `Jumps and ODE paths${units}: ${label}${astray ? ' (red ends stray)' : ''}`
    return [[`paths-${fileName(id)}`, tiles(bodies, pathPanelSize, { title, columns: 2 })]]
  })
}

function trainingPlots(data: ComparisonData | RunData): Named[] {
  const losses = 'run' in data ? [{ label: 'loss', loss: data.trainingLoss }] : data.methods
  if (losses.every(({ loss }) => loss.length === 0)) return []
  const loss: Named = ['training-loss', lossPlot(losses)]
  if (!('run' in data) || data.residuals.length === 0) return [loss]
  return [loss, ['training-residuals', residualCurves(data.residuals)]]
}

/** Every plot of a report as an SVG of its own, by file name without its ending. */
function plotFiles(given: ComparisonData | RunData): Named[] {
  const data = inPercent(given)
  const { methods, metrics, title } = data
  const curves = lossCurves(methods)
  const groups = residualGroups(methods)
  const single = groups.every(({ maps }) => maps.length === 1)
  return [
    ...(methods.some(({ samples }) => samples.length > 0)
      ? [['samples', (data.referenceTexts ? textSheet : sampleGrid)(data, { title })] as const]
      : []),
    ...metrics.map(metric => [`steps-${fileName(metric.name)}`, curvesPlot(methods, metric)] as const),
    ...pathTiles(data),
    ...(single
      ? mapTiles('residuals', groups, `Residuals: ${title}`)
      : groups.flatMap(group => mapTiles(`residuals-${fileName(group.name)}`, [group], group.name))),
    ...mapTiles('loss-by-times', [lossGroup(methods)], 'Loss by source and target time'),
    ...(curves.length > 0 ? [['loss-by-time', lossTimePlot(curves)] as const] : []),
    ...('run' in data && data.solvers ? [['solvers', solverPlot(data.solvers)] as const] : []),
    ...('run' in data && data.importance ? [['importance', weightPlot(data.importance)] as const] : []),
    ...trainingPlots(data),
  ]
}

/** Names of the plots in a folder, so that those of an older report can be told from the user's own files. */
const LIST = '.written.json'
const OURS = /^[a-z0-9-]+\.(svg|png)$/

/** The plots that an earlier report wrote into a folder; none where its list is missing or damaged. */
function earlierPlots(folder: string): string[] {
  const list = join(folder, LIST)
  if (!existsSync(list)) return []
  try {
    const names: unknown = JSON.parse(readText(list))
    return Array.isArray(names) ? names.filter(name => OURS.test(name)) : []
  } catch {
    return []
  }
}

/**
 * Writes every plot of a report into a folder, as SVG and as PNG, and removes those of an earlier report that this one
 * does not have.
 *
 * @returns the paths of the files
 */
export async function writePlots(root: string, folder: string, data: ComparisonData): Promise<string[]> {
  const plots = await Promise.all(
    plotFiles(data).map(async ([name, svg]) => ({
      [`${name}.svg`]: svg,
      [`${name}.png`]: await svgToPng(svg),
    })),
  )
  const files = Object.entries(Object.assign({}, ...plots) as Record<string, string | Uint8Array>)
  const names = files.map(([name]) => name)
  const earlier = earlierPlots(folder)
  // Before the plots: a report that is cut off leaves none that the next one does not know.
  writeFileAtomic(root, join(folder, LIST), `${JSON.stringify([...new Set([...names, ...earlier])])}\n`)
  for (const [name, content] of files) writeFileAtomic(root, join(folder, name), content)
  for (const name of earlier) if (!names.includes(name)) rmSync(join(folder, name), { force: true })
  writeFileAtomic(root, join(folder, LIST), `${JSON.stringify(names)}\n`)
  return names.map(name => join(folder, name))
}
