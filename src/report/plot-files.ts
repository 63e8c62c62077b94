import { join } from 'node:path'
import { writeFileAtomic } from '../training/files.ts'
import { heatMapBody, heatMapSize } from './heat-map.ts'
import { curvesPlot, lossPlot, residualCurves } from './line-plots.ts'
import { pathFrame, pathPanelBody, pathPanelSize } from './path-plot.ts'
import { sampleGrid } from './sample-grid.ts'
import { svgToPng, tiles } from './svg.ts'
import { lossCurves, lossGroup, lossTimePlot, type MapGroup, residualGroups } from './time-maps.ts'
import type { ComparisonData, RunData } from './types.ts'

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
    const frame = pathFrame([diagnostics.paths], dataset.dimension, reference)
    const bodies = diagnostics.paths.jumps.map(way => pathPanelBody(frame, diagnostics.paths!, way))
    const title = `Jumps and ODE paths: ${label}`
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
function plotFiles(data: ComparisonData | RunData): Named[] {
  const { methods, metrics, title } = data
  const curves = lossCurves(methods)
  const groups = residualGroups(methods)
  const single = groups.every(({ maps }) => maps.length === 1)
  return [
    ...(methods.some(({ samples }) => samples.length > 0)
      ? [['samples', sampleGrid(data, { title })] as const]
      : []),
    ...metrics.map(metric => [`steps-${fileName(metric.name)}`, curvesPlot(methods, metric)] as const),
    ...pathTiles(data),
    ...(single
      ? mapTiles('residuals', groups, `Residuals: ${title}`)
      : groups.flatMap(group => mapTiles(`residuals-${fileName(group.name)}`, [group], group.name))),
    ...mapTiles('loss-by-times', [lossGroup(methods)], 'Loss by source and target time'),
    ...(curves.length > 0 ? [['loss-by-time', lossTimePlot(curves)] as const] : []),
    ...trainingPlots(data),
  ]
}

/** Writes every plot of a report into a folder, as SVG and as PNG. @returns the paths of the files */
export async function writePlots(root: string, folder: string, data: ComparisonData): Promise<string[]> {
  const written: string[] = []
  const write = (name: string, content: string | Uint8Array): void => {
    writeFileAtomic(root, join(folder, name), content)
    written.push(join(folder, name))
  }
  for (const [name, svg] of plotFiles(data)) {
    write(`${name}.svg`, svg)
    write(`${name}.png`, await svgToPng(svg))
  }
  return written
}
