// Sixteen double wells in 32 dimensions: 65,536 modes, log Z = 164.6957.
const ENERGY = '{kind: many-well, dimension: 32}'
export const MANY_STEPS = [1, 2, 4]

export function manyWellRows({ measure, results, trained, weighed }) {
  const run = () =>
    trained(
      'many-well',
      ...['--data', `{energy: ${ENERGY}}`, '--objective', 'falcon', '--steps', '9000', '--seed', '1'],
      ...['--network.hidden', '192', '--network.layers', '4', '--schedule.kind', 'cosine', '--ema', '0.999'],
    )
  for (const steps of MANY_STEPS) {
    const key = `many-well/${steps}`
    if (!results[key])
      measure(key, () => weighed(run(), ENERGY, steps, '--count', '5000', '--target-count', '200'))
  }
}
