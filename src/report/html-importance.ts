import type { WeighRecord } from '../evaluation/weigh.ts'
import { escapeHtml, formatCount, listing, plural } from './format.ts'
import { responsive } from './html-figures.ts'
import { paragraph } from './html-page.ts'
import { plainTable } from './html-table.ts'
import { numberText, shapeText, shareText, tailText, targetText, wayText } from './importance.ts'
import { weightPlot } from './weight-plot.ts'

const TITLE = 'Histogram of the logarithms of importance weights'

const FOOLED =
  'A sampler of one mode of several has even weights: a high share by its own samples, a small error and a small Pareto k. ' +
  'Only samples of the target, or a log Z that is known, show what it misses. A map that folds makes log Z too high.'

/** What the weights of a run's samples say of a target: a histogram, the numbers, and what could fool them. */
export function importanceParts(record: WeighRecord | undefined): string[] {
  if (!record) return []
  const caption = [
    `${plural(record.count, 'sample')} ${wayText(record)}, weighed to ${record.energy}.`,
    'At the dashed line a sample counts as one: for an exact sampler all are there.',
    ...beyond(record),
  ].join(' ')
  const draw = (width: number): string => weightPlot(record, { width, standalone: false, title: TITLE })
  return [
    ...(record.warnings.length > 0
      ? [`<ul class="warnings">${record.warnings.map(text => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`]
      : []),
    `<div class="figures">${responsive(draw, escapeHtml(caption))}</div>`,
    numbersTable(record),
    paragraph('soft', FOOLED),
  ]
}

/** What the cells at both ends hold, in a sentence. */
function beyond({ histogram: { low, high, counts }, count }: WeighRecord): string[] {
  const ends = [
    [counts[0], `the first cell (${low} and below)`],
    [counts.at(-1)!, `the last cell (${high} and above)`],
  ] as const
  const said = ends.flatMap(([held, name]) =>
    held > 0 ? [`${shareText(held / count)} of the samples are in ${name}`] : [],
  )
  return said.length > 0 ? [`${listing(said)}.`] : []
}

function numbersTable(record: WeighRecord): string {
  const { known, effectiveShare, count, clipped, lost, means, evaluations } = record
  const truth = (value: number | null, decimals: number): string =>
    value === null ? 'not known otherwise' : `known: ${numberText(value, decimals)}`
  const effective = formatCount((effectiveShare ?? 0) * count)
  const rows = [
    ['log Z', `${numberText(record.logNormalizer)} ± ${numberText(record.error)}`, truth(known, 3)],
    [
      'effective share, own samples',
      shareText(effectiveShare),
      `${effective} of ${formatCount(count)}; blind to a mode without samples`,
    ],
    [
      "effective share, target's samples",
      record.target ? shareText(record.effectiveShareFromTarget) : '–',
      record.target ? `sees missed modes; ${targetText(record)}` : targetText(record),
    ],
    [
      `with the largest ${100 * clipped.part} % of the weights lowered`,
      shareText(clipped.effectiveShare),
      `log Z ${numberText(clipped.logNormalizer)}; less noise, with a bias`,
    ],
    ['Pareto k', shapeText(record), tailText(record)],
    ['folded', shareText(record.folded), 'samples on whose way a jump turns space over'],
    ...(lost > 0 ? [['without a finite weight', shareText(lost), 'samples that count as 0']] : []),
    ['divergence from the target', `${numberText(record.divergence)} nats`, 'KL(samples || target)'],
    ...Object.entries(means).map(([name, mean]) => [
      `mean of ${name}`,
      `${numberText(mean.value, 4)} ± ${numberText(mean.error, 4)}`,
      truth(mean.known, 4),
    ]),
    ['cost of a sample', plural(evaluations, 'evaluation'), 'of the network, a derivative counted as one'],
  ]
  return plainTable('Importance weights', ['number', 'value', 'note'], rows, 'plain map')
}
