import { type Command, Option } from 'commander'
import type { DensityName } from '../density/own-samples.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { seed, weights, whole } from './common-options.ts'
import { timeList } from './grid-flag.ts'
import { oneOf, positiveNumber } from './options.ts'
import { targetSpec } from './target-option.ts'

const WEIGH_HELP = `
Energies: double-well, many-well, four-particles, lennard-jones, or a block such as "{kind: many-well, dimension: 8}"; any dataset that
is a Gaussian mixture, such as ring; an .onnx file with one output per point, or "{kind: onnx, path: u.onnx, logNormalizer: 3.2,
samples: points.csv}".
Weights are e^-U/q, where q is the density of the sampler itself. The numbers are explained in docs/likelihood.md.`

/** The option that names a density. */
export const densityOption = (names: readonly DensityName[], description: string): Option =>
  new Option('--density <name>', description).argParser(oneOf('--density', names))

/** `weigh`. */
export function addDensities(add: AddCommand, run: Wrap): Command {
  return add(
    'weigh <model>',
    'Compute importance weights of samples for an energy: log Z, effective samples, folds',
  )
    .addOption(
      new Option('--energy <name>', 'target energy: a name, a YAML block or an .onnx file')
        .argParser(targetSpec)
        .makeOptionMandatory(),
    )
    .addOption(whole('--steps <n>', 'number of steps per sample (default: 4)', 1, 10_000))
    .addOption(
      new Option('--grid <times>', 'times to step through, instead of equal steps, such as 1,0.6,0.2,0')
        .argParser(timeList('--grid'))
        .conflicts('steps'),
    )
    .addOption(whole('--count <n>', 'number of samples', 100, 10_000_000).default(20_000))
    .addOption(
      whole(
        '--target-count <n>',
        'number of target samples for which to find the noise',
        0,
        1_000_000,
      ).default(2000),
    )
    .addOption(
      new Option('--method <name>', 'jump, or euler or heun on the velocity (default: auto)').argParser(
        oneOf('--method', ['auto', 'jump', 'euler', 'heun']),
      ),
    )
    .addOption(
      densityOption(
        ['jump', 'flow'],
        'jump (density of the sampler itself) or flow (of the continuous flow of its velocity, without steps)',
      ).default('jump'),
    )
    .addOption(seed())
    .addOption(weights())
    .option('--class <name>', 'for runs with --condition class: the class')
    .option('--vector <numbers>', 'for runs with --condition vector: the vector')
    .option('--state <numbers>', 'for runs with --condition state: the noisy point and its time')
    .option(
      '--out <file>',
      'output file (.json), with a histogram as .svg next to it (default: importance.json next to the model, which is overwritten)',
    )
    .option(
      '--samples <file>',
      '.csv file for the samples with a last column logWeight, for --objective weighted-flow-matching',
    )
    .addOption(
      new Option(
        '--temper <share>',
        'minimum share of effective samples in that file; log weights are scaled down until it is reached',
      )
        .argParser(positiveNumber('--temper'))
        .default(0.1),
    )
    .addHelpText('after', WEIGH_HELP)
    .action(run(async (model, options) => (await import('./weigh.ts')).weighCommand(model, options)))
}
