import { Option } from 'commander'
import { WEIGHTS_FORM } from '../config/weights-name.ts'
import { SOLVERS } from '../sampler/names.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { addDataKeys, grid, method, methodOptions, seed, weights, whole } from './common-options.ts'
import { densityOption } from './density-commands.ts'
import { type AskedGrid, askedGrid } from './grid-flag.ts'
import { addGuidance } from './guidance.ts'
import { dataSpec, metricList, oneOf, stepList, weightsName, wholeNumber, wordsOrAll } from './options.ts'

const count = (description: string) =>
  new Option('--count <n>', description).argParser(wholeNumber('--count', 1, 10_000_000))
const nfe = (fallback: number[], description: string) =>
  new Option('--steps <list>', description)
    .argParser(stepList('--steps'))
    .default(fallback, fallback.join(','))

export function addSample(add: AddCommand, run: Wrap, methods: string): void {
  const command = add('sample <model>', 'Draw samples from a run, a .safetensors model or an .onnx file')
    .addOption(
      new Option(
        '--steps <list>',
        'number of steps per sample (default: 1); a list such as 1,4 draws samples for each',
      ).argParser(stepList('--steps')),
    )
    .addOption(
      grid(
        'times to step through, instead of the default of the method: 1,0.6,0.2,0, a file, or a named grid such as karras:10,rho=5',
      ).argParser(askedGrid('--grid')),
    )
    .addOption(
      new Option('--start <file>', 'start from these points instead of noise, in any data format').conflicts(
        'count',
      ),
    )
    .addOption(
      count(
        'number of samples; with --class all, per class (default: 5000; for a sheet of images 64, or 8 per class)',
      ),
    )
    .addOption(seed('random seed for the noise'))
    .option(
      '--class <name>',
      'for runs with --condition class: the class to sample; "none" samples unconditionally; "all" samples each class from the same noise (one row per class on a sheet, a last column "class" in CSV)',
    )
    .option(
      '--vector <numbers>',
      'for runs with --condition vector: the vector, such as 0.3,1.2, in the units of the data; "none" samples unconditionally',
    )
    .option(
      '--state <numbers>',
      'for runs with --condition state: a noisy point and its time, such as 0.3,1.2,0.5; samples the data it may come from; "none" samples unconditionally',
    )
  addGuidance(command)
    .option(
      '--out <file>',
      'output file: .csv, .npy, .png or .svg; images are drawn on one contact sheet; for text, .txt or .jsonl (default: a CSV or .txt file in samples/ of the run)',
    )
    .addOption(method())
    .addOption(methodOptions())
    .addOption(
      new Option(
        '--decode <how>',
        'for text: take the most probable symbol at each position (argmax, the default) or draw one (sample)',
      ).argParser(oneOf('--decode', ['argmax', 'sample'])),
    )
    .addOption(
      new Option(
        '--as <form>',
        'for points on the sphere in a CSV: unit vectors (points, the default) or latitude and longitude in degrees (places)',
      ).argParser(oneOf('--as', ['points', 'places'])),
    )
    .option('--prefix <text>', 'for text: the beginning of each sample, if the run was trained with --prefix')
    .addOption(
      whole(
        '--length <n>',
        'for stream text: symbols per sample; samples longer than a training sequence are written block by block, if the run was trained with --prefix',
        1,
        10_000_000,
      ),
    )
    .addOption(
      whole(
        '--overlap <n>',
        'with --length: number of symbols at the end of each block that the next block continues (default: half a sequence)',
        1,
        10_000_000,
      ),
    )
    .addOption(
      densityOption(
        ['jump', 'flow', 'head'],
        'add a last column logDensity (for .npy, a second file): jump (density of the sampler itself), flow (of the continuous flow of its velocity), or head (the estimate of a divergence head)',
      ),
    )
    .addOption(
      new Option(
        '--divergence <name>',
        'with --density flow: exact (default), or an estimate from one random vector per sample, for high dimensions: rademacher or gaussian',
      ).argParser(oneOf('--divergence', ['exact', 'rademacher', 'gaussian'])),
    )
    .addOption(weights())
    .addHelpText('after', methods)
    .action(run(async (model, options) => (await import('./sample.ts')).sampleCommand(model, options)))
}

export function addEvaluate(add: AddCommand, run: Wrap, argv: readonly string[]): void {
  const command = add(
    'evaluate <run>',
    'Evaluate samples of a run or of a file against data; each metric is reported with its noise floor',
  )
    .addOption(nfe([1, 2, 4, 8], 'numbers of steps to evaluate'))
    .addOption(
      grid('evaluate on these times, from 1 to 0, instead of equal steps; may be repeated').argParser(
        (text, earlier: AskedGrid[] = []) => [...earlier, askedGrid('--grid')(text)],
      ),
    )
    .addOption(count('number of samples').default(20_000))
    .addOption(seed('random seed for noise and reference data'))
    .option('--data <name>', 'compare with this dataset instead of the one the run was trained on', dataSpec)
    .addOption(
      new Option(
        '--metrics <list>',
        'metrics or groups of metrics, such as quick,recall, or all (default: quick)',
      ).argParser(metricList('--metrics')),
    )
    .option(
      '--features <file>',
      'also compare the features of this ONNX network (featureFrechet, classAccuracy, ...)',
    )
    .addOption(
      new Option(
        '--solvers <list>',
        'also compare solvers, such as euler,heun,dpm++2m, or all: the error against the exact flow of the velocity at 1 to 128 evaluations, and the fitted order',
      ).argParser(wordsOrAll('--solvers', SOLVERS)),
    )
    .addOption(method())
    .addOption(
      new Option('--weights <name>', `${WEIGHTS_FORM}; or both for the first two`)
        .argParser(weightsName('both'))
        .default('both'),
    )
    .option(
      '--class <none>',
      'for runs with --condition class: "none" evaluates unconditional samples (default: classes as frequent as in the data)',
    )
    .option('--vector <none>', 'the same for runs with --condition vector')
    .option('--no-report', 'do not write report.html and plots')
  addGuidance(command).action(
    run(async (path, options) => (await import('./evaluate.ts')).evaluateCommand(path, options)),
  )
  addDataKeys(command, argv)
}

export function addReport(add: AddCommand, run: Wrap): void {
  add('report <run>', 'Rewrite the report and plots of a run from its last evaluation')
    .option('--out <file>', 'output file (default: report.html in the run directory)')
    .action(run(async (path, options) => (await import('./report.ts')).reportCommand(path, options)))
}
