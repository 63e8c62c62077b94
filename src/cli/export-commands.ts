import { Option } from 'commander'
import type { AddCommand, Wrap } from './add-command.ts'
import { addDataKeys, grid, method, methodOptions, seed, weights, whole } from './common-options.ts'
import { askedGrid } from './grid-flag.ts'
import { oneOf, partList } from './options.ts'

export function addExport(add: AddCommand, run: Wrap): void {
  add('export <model>', 'Export a model to ONNX, safetensors or NPZ, or the training step of a run')
    .addOption(
      new Option('--format <name>', 'file format')
        .argParser(oneOf('--format', ['onnx', 'safetensors', 'npz', 'training']))
        .default('onnx'),
    )
    .addOption(weights())
    .option('--sampler', 'export a whole sampler as one ONNX graph, from noise to samples')
    .addOption(whole('--steps <n>', 'steps of the sampler (default: 1)', 1, 256))
    .addOption(
      grid('times of the sampler instead of equal steps, such as 1,0.6,0.2,0').argParser(askedGrid('--grid')),
    )
    .addOption(method().default(undefined, 'auto'))
    .addOption(methodOptions())
    .addOption(
      whole(
        '--parts <n>',
        'for --format training: parts each batch is split into, a multiple of the number of processes (default: 1)',
        1,
        65_536,
      ),
    )
    .option('--from-start', 'for --format training: start at step 0 instead of the newest checkpoint')
    .addOption(
      whole(
        '--train-to <n>',
        'for --format training: total steps (default: as in the run)',
        1,
        1_000_000_000,
      ),
    )
    .option(
      '--out <file>',
      'output file (default: model.FORMAT or sampler-N.onnx next to the model); for --format training, a folder (default: training in the run)',
    )
    .action(run(async (model, options) => (await import('./export.ts')).exportCommand(model, options)))

  add(
    'draws <folder>',
    'Write the random draws of an exported training run to standard output, for its launcher',
  )
    .addOption(whole('--from <step>', 'first step (default: the first one)', 1, 1_000_000_000))
    .addOption(whole('--to <step>', 'last step (default: the last one)', 1, 1_000_000_000))
    .addOption(
      new Option('--parts <list>', 'parts of each batch, counted from 0, e.g. 0,1 (default: all)').argParser(
        partList('--parts'),
      ),
    )
    .action(run(async (folder, options) => (await import('./draws.ts')).drawsCommand(folder, options)))
}

export function addFeatures(add: AddCommand, run: Wrap, argv: readonly string[]): void {
  const features = add(
    'features <data>',
    'Train a classifier on labelled data, for the feature metrics of evaluate',
  )
    .addOption(new Option('--out <file>', 'ONNX file to write').makeOptionMandatory())
    .addOption(whole('--steps <n>', 'training steps', 1, 1_000_000).default(3000))
    .addOption(seed('random seed for initialisation, data and noise'))
    .action(run(async (data, options) => (await import('./features.ts')).featuresCommand(data, options)))
  addDataKeys(features, argv)
}
