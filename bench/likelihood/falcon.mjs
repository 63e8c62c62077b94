// The return term on the double well: how many jumps a map needs until its density can be trusted.
export const WEIGHTS = [0, 1, 10]
export const STEPS = [1, 2, 4, 8]
export const SEEDS = [1, 2, 3]

export const doubleWell = ['--data', '{energy: double-well}']

/** A map of exact samples of the double well, trained for half a minute. */
export const falconRun = (trained, weight, seed) =>
  trained(
    `falcon-${weight}-${seed}`,
    ...[...doubleWell, '--objective', 'falcon', '--options.inverse', String(weight)],
    ...['--steps', '3000', '--batch', '128', '--optimizer.clip', 'null', '--seed', String(seed)],
  )

export function falconRows({ measure, results, trained, weighed }) {
  for (const seed of SEEDS) {
    for (const weight of WEIGHTS) {
      for (const steps of STEPS) {
        const key = `falcon/${weight}/${steps}/${seed}`
        if (!results[key])
          measure(key, () =>
            weighed(falconRun(trained, weight, seed), 'double-well', steps, '--target-count', '500'),
          )
      }
    }
  }
}
