import { type Command, Option } from 'commander'
import { conventions } from '../importing/conventions.ts'
import type { AddCommand, Wrap } from './add-command.ts'
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
The token is that of HF_TOKEN, or of "hf auth login"; HF_ENDPOINT names another hub.`

export function addHub(add: AddCommand, run: Wrap): void {
  add('push <run> <repository>', 'upload a run to the Hugging Face hub, e.g. to user/model')
    .option('--private', 'make the repository a private one, where it is new')
    .option('--license <id>', 'licence of the model for its card, e.g. mit (default: none is named)')
    .option('--message <text>', 'first line of the commit')
    .addHelpText('after', HUB_HELP)
    .action(
      run(async (path, repository, options) =>
        (await import('./push.ts')).pushCommand(path, repository, options),
      ),
    )

  add('pull <repository>', 'download a model from the Hugging Face hub, e.g. from user/model')
    .option('--out <dir>', 'run directory to make (default: runs/NAME)')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .addHelpText('after', HUB_HELP)
    .action(run(async (repository, options) => (await import('./pull.ts')).pullCommand(repository, options)))
}

const MERGE_HELP = `
An adapter is the directory of a run that was trained with one (--adapter.rank 8), or its adapter.safetensors. One that was trained
beside another base of the same shapes is merged with a warning; weight -1 takes an adapter out again. See docs/adapters.md`

export function addMerge(add: AddCommand, run: Wrap): void {
  add('merge <base> <adapters...>', 'make a plain run of a trained one and adapters')
    .addOption(
      new Option('--weight <list>', 'what each adapter is multiplied by, such as 1,0.5; one for all')
        .argParser(numberList('--weight'))
        .default([1], '1'),
    )
    .option('--out <dir>', 'run directory to make (default: runs/BASE-ADAPTER)')
    .addHelpText('after', MERGE_HELP)
    .action(
      run(async (base, adapters, options) =>
        (await import('./merge.ts')).mergeCommand(base, adapters, options),
      ),
    )
}

const PROGRESSIVE_HELP = `
Each halving is a run in DIR, steps-32 after steps-64: two steps of the run before become one (objective pfmm in velocity space, on a
grid). The same command goes on where it was stopped; what is finished is not trained again. Sample it with as many --steps.`

export function addProgressive(add: AddCommand, run: Wrap): void {
  const whole = (flags: string, description: string, most: number) =>
    new Option(flags, description).argParser(wholeNumber(flags.split(' ')[0], 1, most))
  add('progressive <run>', 'halve the steps of a velocity or flow map, again and again')
    .addOption(whole('--halvings <n>', 'how often', 12).makeOptionMandatory())
    .addOption(new Option('--out <dir>', 'folder for the run of each halving').makeOptionMandatory())
    .addOption(whole('--from <n>', 'steps of the run before the first one (default: 2^halvings)', 4096))
    .addOption(whole('--steps <n>', 'training steps of each halving (default: as the run)', 10_000_000))
    .addOption(whole('--batch <n>', 'samples in a step (default: as the run)', 1_000_000))
    .addOption(
      new Option('--lr <x>', 'learning rate (default: as the run)').argParser(positiveNumber('--lr')),
    )
    .addOption(
      new Option('--seed <n>', 'seed of data and noise (default: as the run)').argParser(
        wholeNumber('--seed', 0),
      ),
    )
    .addHelpText('after', PROGRESSIVE_HELP)
    .action(
      run(async (path, options) => (await import('./progressive.ts')).progressiveCommand(path, options)),
    )
}

const IMPORT_HELP = `
Conventions: ${Object.keys(conventions).join(', ')}; each is written out in docs/export.md.
Keys of the configuration are options too: --network.activation tanh`

export function addImport(add: AddCommand, run: Wrap): void {
  const numbers = (flags: string, description: string) =>
    new Option(flags, description).argParser(numberList(flags.split(' ')[0]))
  add(
    'import <weights>',
    'make a run of weights trained elsewhere (.safetensors or .npz), or bring an exported training back to its run',
  )
    .addOption(
      new Option('--convention <name>', 'how times, signs and scales are meant there').argParser(
        oneOf('--convention', Object.keys(conventions)),
      ),
    )
    .option('--config <file>', 'YAML file of configuration keys, such as the activation')
    .option('--data <name>', 'the data that it was trained on (default: unknown)', dataSpec)
    .addOption(
      new Option(
        '--inputs <list>',
        'what the first layer is shown, in order: x, s (source time), t (target), d (length)',
      ).argParser(wordList('--inputs', ['x', 's', 't', 'd'])),
    )
    .addOption(
      new Option(
        '--features <order>',
        'order of the Fourier features of one time (default: sin,cos)',
      ).argParser(oneOf('--features', ['sin,cos', 'cos,sin', 'interleaved'])),
    )
    .addOption(
      new Option('--time-scale <x>', "what times are multiplied by (default: the convention's)").argParser(
        positiveNumber('--time-scale'),
      ),
    )
    .addOption(
      new Option(
        '--sigma-data <x>',
        'deviation of the data, where the convention has one (default: 0.5)',
      ).argParser(positiveNumber('--sigma-data')),
    )
    .addOption(numbers('--shift <list>', 'what was subtracted from each column of the data'))
    .addOption(numbers('--scale <list>', 'what each column was divided by'))
    .addOption(
      new Option(
        '--layers <list>',
        'names of the layers, first to last, where they cannot be told',
      ).argParser(text => text.split(',')),
    )
    .addOption(
      new Option(
        '--guidance-applied <how>',
        'how weights that are told classes are guided: none, baked:W (trained at the scale W) or input',
      ).argParser(guidanceApplied('--guidance-applied')),
    )
    .option(
      '--out <dir>',
      'run directory to make (default: runs/NAME); for an exported training its run (default: the one that it was exported from)',
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
