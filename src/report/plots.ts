export { curvesPlot, type LossSeries, lossPlot } from './line-plots.ts'
export { type GridData, sampleGrid } from './sample-grid.ts'
export { type ScatterOptions, scatterPlot } from './scatter-plot.ts'
export { type PlotOptions, svgToPng } from './svg.ts'
