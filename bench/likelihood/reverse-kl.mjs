// Training by the energy alone: what it does to a narrow start, and to a map that covers the energy already.
import { doubleWell, falconRun } from './falcon.mjs'

const reverse = (trained, name, start, steps, rate) =>
  trained(
    name,
    ...[...doubleWell, '--objective', 'reverse-kl', '--init-from', start, '--seed', '1'],
    ...['--steps', String(steps), '--batch', '256', '--lr', String(rate)],
  )

export function reverseRows({ measure, results, trained, weighed }) {
  if (!results['reverse-kl/narrow/after']) {
    const narrow = trained(
      'narrow',
      ...['--data', '{gaussian: {mean: [1.75, 0], std: [0.3, 1]}}', '--objective', 'falcon'],
      ...['--steps', '1500', '--batch', '128', '--optimizer.clip', 'null', '--seed', '1'],
    )
    measure('reverse-kl/narrow/before', () => weighed(narrow, 'double-well', 1))
    const run = reverse(trained, 'collapsed', narrow, 1500, 1e-3)
    measure('reverse-kl/narrow/after', () => weighed(run, 'double-well', 1))
  }
  if (!results['reverse-kl/polish/after']) {
    const start = falconRun(trained, 10, 1)
    measure('reverse-kl/polish/before', () => weighed(start, 'double-well', 1))
    const run = reverse(trained, 'polished', start, 1500, 3e-4)
    measure('reverse-kl/polish/after', () => weighed(run, 'double-well', 1))
  }
  if (!results['reverse-kl/polish/short']) {
    const short = reverse(trained, 'polished-short', falconRun(trained, 10, 1), 150, 1e-4)
    measure('reverse-kl/polish/short', () => weighed(short, 'double-well', 1))
  }
}
