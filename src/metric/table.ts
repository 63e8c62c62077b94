import type { Dataset } from '../data/dataset.ts'
import { type Metric, metrics } from './catalogue.ts'
import { manifoldMetrics } from './manifold/catalogue.ts'
import { textMetricsOfPoints } from './text/as-points.ts'

/** The metrics of points by their space; those of curved spaces have the names that they have in flat ones. */
export const metricsOf = ({ space = 'flat' }: Pick<Dataset, 'space'>): Readonly<Record<string, Metric>> => {
  if (space === 'flat') return metrics
  return space === 'simplex' ? textMetricsOfPoints : manifoldMetrics
}

/** Every metric of samples by its name. */
export const allMetrics: Readonly<Record<string, Metric>> = {
  ...metrics,
  ...manifoldMetrics,
  ...textMetricsOfPoints,
  // As they are in flat space, where they are measured there too.
  ...metrics,
}
