#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { report } from './failure.ts'
import { oneOf, stepList, wholeNumber } from './options.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

const count = (fallback: number) =>
  new Option('--count <n>', 'number of points')
    .argParser(wholeNumber('--count', 1, 10_000_000))
    .default(fallback)
const nfe = (fallback: number[], description: string) =>
  new Option('--steps <list>', description)
    .argParser(stepList('--steps'))
    .default(fallback, fallback.join(','))
const method = () =>
  new Option('--method <name>', 'jump (the flow map), or euler or heun on its velocity')
    .argParser(oneOf('--method', ['jump', 'euler', 'heun']))
    .default('jump')

const KEYS_HELP = `
Every key of the configuration is an option: --network.hidden 256, --optimizer.clip 1, --times.law logit-normal.
The keys, their meaning and defaults: docs/configuration.md`

const program = new Command('oxbow')
  .description('Train, measure, sample and ship flow maps.')
  .version(version)
  .showHelpAfterError(false)
  .exitOverride()
  .configureOutput({ outputError: () => {} })

/** Adds what every command has. */
function command(usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--json', 'print one JSON document on standard output, logs on standard error')
    .option('--debug', 'print the stack trace of a failure')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
}

command('train', 'train a flow map')
  .option('--config <file>', 'YAML file of configuration keys; options override it')
  .option('--data <name>', 'built-in dataset or a path to a CSV file (default: ring)')
  .option('--objective <id>', 'what to train; see "oxbow objectives" (default: lsd)')
  .option('--teacher <name>', 'a run directory, or "exact" for Gaussian mixtures')
  .option('--steps <n>', 'training steps (default: 6000)')
  .option('--batch <n>', 'samples in a step (default: 512)')
  .option('--lr <x>', 'learning rate (default: 0.001)')
  .option('--seed <n>', 'seed of data, noise and initialisation (default: 0)')
  .option('--out <dir>', 'run directory (default: runs/DATA-OBJECTIVE-seedN)')
  .option('--resume', 'continue the run in --out')
  .allowUnknownOption()
  .allowExcessArguments()
  .addHelpText('after', KEYS_HELP)
  .action(async (options, self: Command) => (await import('./train.ts')).trainCommand(options, self.args))

command('sample <model>', 'draw samples from a run, a .safetensors model or an .onnx file')
  .addOption(
    new Option('--steps <n>', 'number of jumps').argParser(wholeNumber('--steps', 1, 10_000)).default(1),
  )
  .addOption(count(5000))
  .addOption(new Option('--seed <n>', 'seed of the noise').argParser(wholeNumber('--seed', 0)).default(0))
  .option('--out <file>', 'file to write: .csv, .npy, .png or .svg (default: samples/ in the run)')
  .addOption(method())
  .addOption(
    new Option('--weights <name>', 'averaged or raw weights')
      .argParser(oneOf('--weights', ['ema', 'raw']))
      .default('ema'),
  )
  .action(async (model, options) => (await import('./sample.ts')).sampleCommand(model, options))

command('evaluate <run>', 'measure samples against the data, each metric beside its noise floor')
  .addOption(nfe([1, 2, 4, 8], 'numbers of jumps to measure'))
  .addOption(count(20_000))
  .addOption(
    new Option('--seed <n>', 'seed of noise and reference data')
      .argParser(wholeNumber('--seed', 0))
      .default(0),
  )
  .option('--data <name>', 'measure against other data than the run was trained on')
  .addOption(method())
  .addOption(
    new Option('--weights <name>', 'averaged weights, raw ones or both')
      .argParser(oneOf('--weights', ['ema', 'raw', 'both']))
      .default('both'),
  )
  .action(async (run, options) => (await import('./evaluate.ts')).evaluateCommand(run, options))

command('compare', 'train what is missing, measure and compare objectives')
  .option('--config <file>', 'YAML file of a comparison; options override it')
  .option('--data <name>', 'built-in dataset or a path to a CSV file (default: ring)')
  .option('--objectives <list>', 'objectives to compare, e.g. psd,lsd,meanflow')
  .option('--teacher <name>', '"train" (default), "exact" or a run directory, for those that need one')
  .addOption(
    new Option('--seeds <n>', 'number of seeds (default: 1)').argParser(wholeNumber('--seeds', 1, 100)),
  )
  .addOption(
    new Option('--steps <list>', 'numbers of jumps to measure (default: 1,2,4,8)').argParser(
      stepList('--steps'),
    ),
  )
  .addOption(
    new Option('--count <n>', 'points in each measurement (default: 20000)').argParser(
      wholeNumber('--count', 100, 10_000_000),
    ),
  )
  .addOption(
    new Option('--jobs <n>', 'trainings at a time (default: one per core, at most 8)').argParser(
      wholeNumber('--jobs', 1, 64),
    ),
  )
  .option('--out <dir>', 'directory of runs and report (default: runs/compare)')
  .allowUnknownOption()
  .allowExcessArguments()
  .addHelpText(
    'after',
    `\nKeys of the training configuration are options too: --training.steps 2000, --training.network.hidden 64`,
  )
  .action(async (options, self: Command) => (await import('./compare.ts')).compareCommand(options, self.args))

command('objectives [id]', 'the catalogue: rule, formula, paper, published and measured cost').action(
  async (id, options) => (await import('./objectives.ts')).objectivesCommand(id, options),
)

command('export <model>', 'write the model for other programs')
  .addOption(
    new Option('--format <name>', 'file format')
      .argParser(oneOf('--format', ['onnx', 'safetensors', 'npz']))
      .default('onnx'),
  )
  .addOption(
    new Option('--weights <name>', 'averaged or raw weights')
      .argParser(oneOf('--weights', ['ema', 'raw']))
      .default('ema'),
  )
  .option('--out <file>', 'file to write (default: model.FORMAT beside the model)')
  .action(async (model, options) => (await import('./export.ts')).exportCommand(model, options))

command('bench', 'speed of training steps on this machine, beside PyTorch and JAX where they are installed')
  .option('--python <path>', 'Python to look for PyTorch and JAX in', 'python3')
  .addOption(
    new Option('--rounds <n>', 'alternating rounds; the median counts')
      .argParser(wholeNumber('--rounds', 1, 1000))
      .default(7),
  )
  .option('--quick', 'only batch 512')
  .action(async options => (await import('./bench.ts')).benchCommand(options))

async function main(argv: readonly string[]): Promise<number> {
  const [json, debug] = [argv.includes('--json'), argv.includes('--debug')]
  if (argv.length === 0) {
    program.outputHelp({ error: true })
    return 2
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error, { json, debug })
  }
}

process.exitCode = await main(process.argv.slice(2))
