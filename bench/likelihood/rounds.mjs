// From a wide start to the double well without its samples: sample, weigh, train by the weights, and again.
import { join } from 'node:path'

export const ROUNDS = 3
const velocity = ['--network.conditioning', 's', '--steps', '2000', '--seed', '1', '--standardize', 'none']

export function roundRows({ OUT, measure, results, trained, weighed }) {
  if (results[`rounds/${ROUNDS}`]) return
  const file = round => join(OUT, `weighed-${round}.csv`)
  let run = trained(
    'round-0',
    ...['--data', '{gaussian: {mean: [0, 0], std: [1.8, 1.1]}}', '--objective', 'flow-matching', ...velocity],
  )
  for (let round = 0; ; round++) {
    keepRound(round, run)
    if (round === ROUNDS) return
    const data = JSON.stringify({ csv: { path: file(round), condition: 'logWeight' } })
    const words = ['--data', data, '--objective', 'weighted-flow-matching', '--init-from', run]
    run = trained(`round-${round + 1}`, ...words, ...velocity)
  }
  function keepRound(round, from) {
    const key = `rounds/${round}`
    measure(key, () =>
      weighed(from, 'double-well', 8, '--method', 'heun', '--samples', file(round), '--target-count', '500'),
    )
  }
}
