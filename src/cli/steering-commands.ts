import { type Command, Option } from 'commander'
import {
  INVERSIONS,
  KERNELS,
  LOOK_AHEADS,
  PATHS,
  RESAMPLINGS,
  RETURNS,
  SCHEDULES,
  STEERING_METHODS,
} from '../steering/names.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { seed, weights, whole } from './common-options.ts'
import { UsageError } from './failure.ts'
import { askedGrid } from './grid-flag.ts'
import { addGuidance } from './guidance.ts'
import { numberList, oneOf, positiveNumber, scale } from './options.ts'

const REWARD_HELP = `
A reward is a YAML block or file with kind gaussian, gaussians, quadratic, linear, observation, negative or onnx.
An observation has an operator (mask, downsample, blur or matrix), y (numbers, or a file) and sd.
Rewards and methods are explained in docs/steering.md`

const ADAPT_HELP = `
The operator (mask, downsample, blur or matrix) and sd are fixed; y is given later, to "oxbow steer RUN --observe OBSERVATION --adapter FILE".
With --map the map is trained too, so that it fits the adapter's noise; FILE then belongs to the new run.
The distribution of the samples is explained in docs/steering.md`

const nameOf = (flags: string): string => flags.split(' ')[0]
const word = (flags: string, description: string, choices: readonly string[]) =>
  new Option(flags, `${description}: ${choices.join(', ')}`).argParser(oneOf(nameOf(flags), choices))
const positive = (flags: string, description: string) =>
  new Option(flags, description).argParser(positiveNumber(nameOf(flags)))
const notNegative = (flags: string, description: string) =>
  new Option(flags, description).argParser(scale(nameOf(flags)))

/** A number from 0 to 1. @throws UsageError */
const fraction = (name: string) => (text: string) => {
  const value = scale(name)(text)
  if (value <= 1) return value
  throw new UsageError(`${name}: expected a number from 0 to 1, found "${text}"`)
}
const part = (flags: string, description: string) =>
  new Option(flags, description).argParser(fraction(nameOf(flags)))

const out = (fallback: string) =>
  new Option(
    '--out <file>',
    `output file: .csv, .npy, .png or .svg (default: ${fallback} in samples/ of the run)`,
  )
const data = () => new Option('--data <file>', 'the points, in any data format').makeOptionMandatory()
const inversion = () =>
  word(
    '--method <name>',
    'how to get from data to noise (default: jump for maps trained in both directions, otherwise heun)',
    INVERSIONS,
  )
const back = () =>
  word(
    '--back <name>',
    'how to get from noise back to data (default: jump, or heun for a velocity; heun retraces a trajectory of heun)',
    RETURNS,
  )
const heunSteps = () => whole('--steps <n>', 'steps of heun, in each direction (default: 64)', 1, 10_000)

const addConditions = (command: Command): Command =>
  addGuidance(
    command
      .option('--class <name>', 'for runs with --condition class: the class of the points')
      .option('--vector <numbers>', 'for runs with --condition vector: the vector of the points'),
  )

/** The options of commands that steer by a reward. */
const addReward = (command: Command): Command =>
  command
    .option(
      '--reward <block>',
      'what to steer towards, such as "{kind: gaussian, center: [4, 0], scale: 2.5}"',
    )
    .option('--observe <block>', 'condition on an observation: draws samples of the posterior')
    .addOption(positive('--beta <x>', 'strength of the reward (default: 1)'))
    .addOption(word('--kernel <name>', 'transition kernel of the particles (default: renoise)', KERNELS))
    .addOption(
      word(
        '--look-ahead <name>',
        'how the reward of unfinished particles is predicted (default: jump)',
        LOOK_AHEADS,
      ),
    )
    .addOption(
      word(
        '--schedule <name>',
        'how the strength of the reward grows over time (default: depends on --look-ahead)',
        SCHEDULES,
      ),
    )
    .addOption(
      whole('--inner-steps <n>', 'steps of the inner flow per posterior sample (default: 8)', 1, 1000),
    )
    .option('--posterior <run>', 'a run with --condition state, whose jumps give the posterior samples')
    .addOption(
      notNegative(
        '--threshold <x>',
        'resample if the fraction of effective samples falls below this (default: 0.5)',
      ),
    )
    .addOption(word('--resampling <name>', 'resampling scheme (default: systematic)', RESAMPLINGS))
    .addOption(part('--eta <x>', 'noise of the posterior kernel, 0 to 1 (default: 1)'))

/** Options of `steer` that say how, which a noise adapter does itself. */
const BESIDE_ADAPTER = [
  ...['method', 'steps', 'grid', 'samples', 'reward', 'beta', 'kernel', 'lookAhead', 'schedule'],
  ...['innerSteps', 'threshold', 'resampling', 'eta', 'moves', 'rho', 'lambda', 'clip'],
  ...['class', 'vector', 'guidance'],
]

function addAdapt(add: AddCommand, run: Wrap): void {
  add(
    'adapt <model>',
    'Train a noise adapter, which turns any observation of one kind into posterior samples in one jump',
  )
    .addOption(
      new Option(
        '--observe <block>',
        'how points are observed, such as "{operator: {kind: mask, keep: [0]}, sd: 0.3}", or a YAML file',
      ).makeOptionMandatory(),
    )
    .addOption(
      word('--points <name>', 'where observed points come from: the data, or samples of the map', [
        'data',
        'map',
      ]).default('data'),
    )
    .option('--map <run>', 'also train the map, and write it to this new run; see docs/steering.md')
    .addOption(whole('--steps <n>', 'training steps', 1, 10_000_000).default(3000))
    .addOption(whole('--batch <n>', 'batch size, in observations', 1, 100_000).default(512))
    .addOption(positive('--lr <x>', 'learning rate').default(0.001))
    .addOption(seed())
    .addOption(new Option('--out <file>', 'output file (.safetensors)').makeOptionMandatory())
    .addOption(weights())
    .addHelpText('after', ADAPT_HELP)
    .action(run(async (model, options) => (await import('./adapt.ts')).adaptCommand(model, options)))
}

function addSteer(add: AddCommand, run: Wrap): void {
  const command = add('steer <model>', 'Sample towards a reward or an observation')
    .addOption(word('--method <name>', 'steering method (default: particles)', STEERING_METHODS))
    .addOption(
      whole(
        '--steps <n>',
        'number of steps, or of temperatures for kernel noise (default: 16; 1 for filter and best)',
        1,
        10_000,
      ),
    )
    .addOption(
      new Option('--grid <times>', 'times to step through, instead of equal steps')
        .argParser(askedGrid('--grid'))
        .conflicts('steps'),
    )
    .addOption(whole('--count <n>', 'number of samples (default: 2000; 64 for images)', 1, 1_000_000))
    .addOption(
      whole(
        '--samples <n>',
        'posterior samples per point (default: 4), or candidates of filter (1) and best (4)',
        1,
        10_000,
      ),
    )
  addReward(command)
    .addOption(
      whole(
        '--moves <n>',
        'Metropolis moves after each step, for the kernels jump (default: 0) and noise (1)',
        0,
        1000,
      ),
    )
    .addOption(
      new Option('--rho <x>', 'step size of a move, 0 to 1, or adapt (default: 0.5)').argParser(
        (text: string) => (text === 'adapt' ? text : fraction('--rho')(text)),
      ),
    )
    .addOption(
      notNegative('--lambda <x>', 'multiply the steering of a guided flow (default: 1, the correct value)'),
    )
    .addOption(
      positive(
        '--clip <x>',
        'clip the steering of a guided flow to this length; the result is no longer a sample of the tilted distribution (default: none)',
      ),
    )
    .addOption(
      new Option(
        '--adapter <file>',
        'use a noise adapter trained by "oxbow adapt": one jump per sample',
      ).conflicts(BESIDE_ADAPTER),
    )
    .addOption(seed())
    .addOption(out('steered-seed-N.csv'))
    .addOption(weights())
    .addHelpText('after', REWARD_HELP)
  addConditions(command).action(
    run(async (model, options) => (await import('./steer.ts')).steerCommand(model, options)),
  )
}

function addEdit(add: AddCommand, run: Wrap): void {
  const command = add(
    'edit <model>',
    'Edit given points: add noise and jump back, translate to the data of another run, or steer to a reward',
  )
    .addOption(data())
    .addOption(
      part('--renoise <t>', 'add noise up to this time and jump back; 0 changes nothing, 1 everything'),
    )
    .option('--to <model>', 'translate to the data of this run: invert with MODEL, sample with this one')
    .addOption(inversion())
    .addOption(back())
    .addOption(part('--from <t>', 'add noise up to this time before steering (default: 0.6)'))
    .addOption(whole('--particles <n>', 'particles per point when steering (default: 64)', 2, 100_000))
    .addOption(whole('--steps <n>', 'steps of steering (default: 16) or of heun (64)', 1, 10_000))
    .addOption(whole('--samples <n>', 'posterior samples per look-ahead (default: 4)', 1, 10_000))
  addReward(command).addOption(seed()).addOption(out('edited.csv')).addOption(weights())
  addConditions(command)
    .addHelpText('after', REWARD_HELP)
    .action(run(async (model, options) => (await import('./edit.ts')).editCommand(model, options)))
}

/** `steer`, `adapt`, `invert`, `edit` and `interpolate`. */
export function addSteering(add: AddCommand, run: Wrap): void {
  addSteer(add, run)
  addAdapt(add, run)
  addConditions(
    add('invert <model>', 'Invert: find the noise that data comes from')
      .addOption(data())
      .addOption(inversion())
      .addOption(back())
      .addOption(heunSteps())
      .addOption(seed())
      .addOption(out('inverted.csv'))
      .addOption(weights()),
  ).action(run(async (model, options) => (await import('./invert.ts')).invertCommand(model, options)))
  addEdit(add, run)
  addConditions(
    add('interpolate <model>', 'Interpolate between given points, through their noise')
      .addOption(
        new Option('--between <files...>', 'two files with the same number of points').makeOptionMandatory(),
      )
      .addOption(whole('--points <n>', 'points per path, ends included', 2, 1000).default(9))
      .addOption(
        word(
          '--path <name>',
          'path between the two noises (default: slerp; straight in few dimensions)',
          PATHS,
        ),
      )
      .addOption(
        new Option(
          '--mix <list>',
          'instead of a path, take these coordinates of the noise from the second file',
        ).argParser(numberList('--mix')),
      )
      .addOption(inversion())
      .addOption(back())
      .addOption(heunSteps())
      .addOption(seed())
      .addOption(out('between.csv'))
      .addOption(weights()),
  ).action(
    run(async (model, options) => (await import('./interpolate.ts')).interpolateCommand(model, options)),
  )
}
