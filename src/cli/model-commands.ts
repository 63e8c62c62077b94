import { type Command, Option } from 'commander'
import { conventions } from '../importing/conventions.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { whole } from './common-options.ts'
import {
  dataSpec,
  guidanceApplied,
  numberList,
  oneOf,
  positiveNumber,
  wholeNumber,
  wordList,
} from './options.ts'

const HUB_HELP = `
The token comes from HF_TOKEN or "hf auth login". Set HF_ENDPOINT to use another hub.`

export function addHub(add: AddCommand, run: Wrap): void {
  add('push <run> <repository>', 'Upload a run to the Hugging Face Hub, for example to user/model')
    .option('--private', 'create the repository as private, if it does not exist yet')
    .option('--license <id>', 'licence to name in the model card, such as mit (default: none)')
    .option('--message <text>', 'commit message')
    .addHelpText('after', HUB_HELP)
    .action(
      run(async (path, repository, options) =>
        (await import('./push.ts')).pushCommand(path, repository, options),
      ),
    )

  add('pull <repository>', 'Download a model from the Hugging Face Hub, for example from user/model')
    .option('--out <dir>', 'run directory to create (default: runs/NAME)')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .addHelpText('after', HUB_HELP)
    .action(run(async (repository, options) => (await import('./pull.ts')).pullCommand(repository, options)))
}

const MERGE_HELP = `
An adapter is the directory of a run trained with --adapter.rank, or its adapter.safetensors. An adapter that was trained
for another base with the same shapes is merged with a warning. Weight -1 removes a merged adapter. See docs/adapters.md`

export function addMerge(add: AddCommand, run: Wrap): void {
  add('merge <base> <adapters...>', 'Merge adapters into their base run, as a new plain run')
    .addOption(
      new Option('--weight <list>', 'weight of each adapter, such as 1,0.5; one number applies to all')
        .argParser(numberList('--weight'))
        .default([1], '1'),
    )
    .option('--out <dir>', 'run directory to create (default: runs/BASE-ADAPTER)')
    .addHelpText('after', MERGE_HELP)
    .action(
      run(async (base, adapters, options) =>
        (await import('./merge.ts')).mergeCommand(base, adapters, options),
      ),
    )
}

const PROGRESSIVE_HELP = `
Each halving is a run in DIR: steps-32 after steps-64. Two steps of the previous run become one (objective pfmm in velocity space, on a
grid). To continue after an interruption, run the same command again: finished runs are skipped. Sample each run with its own number of --steps.`

export function addProgressive(add: AddCommand, run: Wrap): void {
  add('progressive <run>', 'Progressive distillation: repeatedly halve the steps of a velocity or flow map')
    .addOption(whole('--halvings <n>', 'number of halvings', 1, 12).makeOptionMandatory())
    .addOption(new Option('--out <dir>', 'folder for the run of each halving').makeOptionMandatory())
    .addOption(whole('--from <n>', 'steps of the run to start from (default: 2^halvings)', 1, 4096))
    .addOption(whole('--steps <n>', 'training steps per halving (default: as in the run)', 1, 10_000_000))
    .addOption(whole('--batch <n>', 'batch size (default: as in the run)', 1, 1_000_000))
    .addOption(
      new Option('--lr <x>', 'learning rate (default: as in the run)').argParser(positiveNumber('--lr')),
    )
    .addOption(
      new Option('--seed <n>', 'random seed for data and noise (default: as in the run)').argParser(
        wholeNumber('--seed', 0),
      ),
    )
    .addHelpText('after', PROGRESSIVE_HELP)
    .action(
      run(async (path, options) => (await import('./progressive.ts')).progressiveCommand(path, options)),
    )
}

const IMPORT_HELP = `
Conventions: ${Object.keys(conventions).join(', ')}; docs/export.md defines each.
Configuration keys are options too: --network.activation tanh`

export function addImport(add: AddCommand, run: Wrap): void {
  const numbers = (flags: string, description: string) =>
    new Option(flags, description).argParser(numberList(flags.split(' ')[0]))
  add(
    'import <weights>',
    'Create a run from weights trained elsewhere (.safetensors or .npz), or update a run with the result of an exported training',
  )
    .addOption(
      new Option(
        '--convention <name>',
        'convention of the weights for times, signs and scales; required unless an exported training is imported',
      ).argParser(oneOf('--convention', Object.keys(conventions))),
    )
    .option('--config <file>', 'YAML file of configuration keys, such as the activation')
    .option('--data <name>', 'dataset the weights were trained on (default: unknown)', dataSpec)
    .addOption(
      new Option(
        '--inputs <list>',
        'inputs of the first layer, in order: x, s (source time), t (target time), d (length)',
      ).argParser(wordList('--inputs', ['x', 's', 't', 'd'])),
    )
    .addOption(
      new Option(
        '--features <order>',
        'order of the Fourier features of a time (default: sin,cos)',
      ).argParser(oneOf('--features', ['sin,cos', 'cos,sin', 'interleaved'])),
    )
    .addOption(
      new Option(
        '--time-scale <x>',
        'factor that times are multiplied by (default: from the convention)',
      ).argParser(positiveNumber('--time-scale')),
    )
    .addOption(
      new Option(
        '--sigma-data <x>',
        'standard deviation of the data, if the convention uses one (default: 0.5)',
      ).argParser(positiveNumber('--sigma-data')),
    )
    .addOption(numbers('--shift <list>', 'numbers that were subtracted from the columns of the data'))
    .addOption(numbers('--scale <list>', 'numbers that the columns were divided by'))
    .addOption(
      new Option(
        '--layers <list>',
        'names of the layers, first to last, if they cannot be detected',
      ).argParser(text => text.split(',')),
    )
    .addOption(
      new Option(
        '--guidance-applied <how>',
        'guidance of class-conditional weights: none, baked:W (trained at scale W) or input',
      ).argParser(guidanceApplied('--guidance-applied')),
    )
    .option(
      '--out <dir>',
      'run directory to create (default: runs/NAME); for an exported training, the run to update (default: the one it was exported from)',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', IMPORT_HELP)
    .action(
      run(async (file, options, self: Command) =>
        (await import('./import.ts')).importCommand(file, options, self.args.slice(1)),
      ),
    )
}
