import { Command, Option } from 'commander'
import { WEIGHTS_FORM } from '../config/weights-name.ts'
import { onFallback } from '../runtime/cpu/fallback.ts'
import { DEVICES } from '../runtime/device.ts'
import { METHODS, SOLVERS } from '../sampler/names.ts'
import { VERSION } from '../serialization/version.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { addDensities, densityOption } from './density-commands.ts'
import { report, UsageError } from './failure.ts'
import { type AskedGrid, askedGrid, optionPairs } from './grid-flag.ts'
import { addGuidance } from './guidance.ts'
import { addHub, addImport, addMerge, addProgressive } from './model-commands.ts'
import {
  dataSpec,
  metricList,
  oneOf,
  partList,
  stepList,
  weightsName,
  wholeNumber,
  wordsOrAll,
} from './options.ts'
import { addSteering } from './steering-commands.ts'
import { note } from './terminal.ts'

const count = (description: string) =>
  new Option('--count <n>', description).argParser(wholeNumber('--count', 1, 10_000_000))
const nfe = (fallback: number[], description: string) =>
  new Option('--steps <list>', description)
    .argParser(stepList('--steps'))
    .default(fallback, fallback.join(','))
const method = () =>
  new Option(
    '--method <name>',
    'auto (what the model was trained for), jump (the flow map), renoise (jump to data, add fresh noise, repeat), or a solver for its velocity or diffusion (listed in sample --help)',
  )
    .argParser(oneOf('--method', METHODS))
    .default('auto')
const methodOptions = () =>
  new Option('--method-options <list>', 'options of the method, such as eta=0.5').argParser(text =>
    optionPairs('--method-options', text),
  )
const grid = (description: string) => new Option('--grid <times>', description).conflicts('steps')
const weights = () =>
  new Option('--weights <name>', `which weights to use: ${WEIGHTS_FORM}`)
    .argParser(weightsName())
    .default('ema')
const seed = (description: string) =>
  new Option('--seed <n>', description).argParser(wholeNumber('--seed', 0)).default(0)
const whole = (flags: string, description: string, least: number, most: number) =>
  new Option(flags, description).argParser(wholeNumber(flags.split(' ')[0], least, most))

const KEYS_HELP = `
Every configuration key is also an option: --network.hidden 256, --optimizer.clip 1, --times.law logit-normal.
Common names from other libraries work too: --learning-rate, --batch-size, --weight-decay.
All keys and their defaults: docs/configuration.md`

/** Children of the command see it too. */
const device = () =>
  new Option('--device <name>', `device to run on: ${DEVICES.join(', ')} (default: cpu)`).argParser(
    (name: string) => {
      process.env.OXBOW_DEVICE = oneOf('--device', DEVICES)(name)
      return name
    },
  )

const COMPARE_HELP = `
Training configuration keys are options too: --training.steps 2000, --training.network.hidden 64`

const WORKER_HELP = `
Ctrl-C saves a checkpoint and returns the current jobs to the queue. Workers need the packages bullmq and ioredis. See docs/sweeps.md`

const DOCTOR_HELP = `
Writes and sends nothing. Exits with 1 if the requested engine or device cannot be used on this machine.`

/**
 * The whole command line for some arguments.
 *
 * @param methods  what the help of `sample` says of methods and grids
 * @param onExit  gets the exit code of the command that ran
 */
function buildProgram(argv: readonly string[], methods: string, onExit: (code: number) => void): Command {
  const quiet = (command: Command): Command =>
    command.exitOverride().configureOutput({ outputError: () => {} })
  const program = quiet(new Command('oxbow'))
    .description('Train, evaluate, sample, steer and export flow maps.')
    .version(VERSION)
    .showHelpAfterError(false)
  const add: AddCommand = (usage, description) =>
    quiet(program.command(usage))
      .description(description)
      .option('--json', 'print one JSON document to standard output, and logs to standard error')
      .option(
        '--debug',
        'on failure, print the stack trace; also say why a graph runs on another engine than the one requested',
      )
      .addOption(device())
  const run: Wrap =
    action =>
    async (...args) => {
      const code = await action(...args)
      if (typeof code === 'number') onExit(code)
    }

  addTrain(add, run)
  addSample(add, run, methods)
  addEvaluate(add, run, argv)
  addReport(add, run)
  addCompare(add, run)
  addJobs(add, run)
  addOthers(add, run, argv)
  addSteering(add, run)
  addDensities(add, run)
  addHub(add, run)
  addMerge(add, run)
  addProgressive(add, run)
  addImport(add, run)
  return program
}

// Each action imports its command only when it runs, so that `--help` is quick.

function addTrain(add: AddCommand, run: Wrap): void {
  add('train', 'Train a flow map')
    .option(
      '--config <file>',
      'YAML file of configuration keys, or config.json of a run; options override it',
    )
    .option(
      '--data <name>',
      'built-in dataset, path to a file or folder, or a YAML block (default: ring)',
      dataSpec,
    )
    .option(
      '--source <name>',
      'start from the points of another dataset instead of noise; takes the same values as --data',
      dataSpec,
    )
    .option(
      '--recipe <name>',
      'a complete, tested training recipe: one-step (the default without --objective)',
    )
    .option('--objective <id>', 'train one objective with its own defaults; "oxbow objectives" lists them')
    .option(
      '--teacher <name>',
      'teacher: a run directory, "train" to train one first, or "exact" for Gaussian mixtures',
    )
    .option(
      '--init-from <run>',
      'start from the parameters of a run or .safetensors model; with --adapter.rank 8 they stay frozen',
    )
    .option(
      '--steps <n>',
      'training steps (default: 12000 for one-step, which gives its teacher 8000 more; 6000 for an objective)',
    )
    .option('--batch <n>', 'batch size (default: 512; 64 for transformers)')
    .option('--lr <x>', 'learning rate (default: 0.001, or 0.003 with an adapter)')
    .option('--seed <n>', 'random seed for data, noise and initialisation (default: 0)')
    .option('--out <dir>', 'run directory (default: runs/DATA-RECIPE-seedN)')
    .option('--resume', 'continue the run in --out')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', KEYS_HELP)
    .action(
      run(async (options, self: Command) => (await import('./train.ts')).trainCommand(options, self.args)),
    )
}

function addSample(add: AddCommand, run: Wrap, methods: string): void {
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

/** The options of these arguments that are keys of the data, such as `--data.csv.label`. */
const dataKeys = (argv: readonly string[]): string[] => [
  ...new Set(argv.flatMap(text => /^--data\.[\w.]+(?==|$)/.exec(text)?.[0] ?? [])),
]

const addDataKeys = (command: Command, argv: readonly string[]): void => {
  for (const key of dataKeys(argv)) command.addOption(new Option(`${key} <value>`).hideHelp())
}

function addEvaluate(add: AddCommand, run: Wrap, argv: readonly string[]): void {
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

function addReport(add: AddCommand, run: Wrap): void {
  add('report <run>', 'Rewrite the report and plots of a run from its last evaluation')
    .option('--out <file>', 'output file (default: report.html in the run directory)')
    .action(run(async (path, options) => (await import('./report.ts')).reportCommand(path, options)))
}

function addCompare(add: AddCommand, run: Wrap): void {
  add('compare', 'Train any missing runs, then evaluate and compare objectives')
    .option('--config <file>', 'YAML file that describes the comparison; options override it')
    .option(
      '--data <name>',
      'built-in dataset, path to a file or folder, or a YAML block (default: ring)',
      dataSpec,
    )
    .option('--objectives <list>', 'objectives to compare, e.g. psd,lsd,meanflow')
    .option(
      '--teacher <name>',
      'for objectives that need a teacher: "train" (default), "exact" or a run directory',
    )
    .addOption(whole('--seeds <n>', 'number of random seeds (default: 1)', 1, 100))
    .addOption(
      new Option('--steps <list>', 'numbers of jumps to evaluate (default: 1,2,4,8)').argParser(
        stepList('--steps'),
      ),
    )
    .addOption(whole('--count <n>', 'samples per evaluation (default: 20000)', 100, 10_000_000))
    .option('--features <file>', 'also compare the features of this ONNX network, as in evaluate')
    .addOption(whole('--jobs <n>', 'runs to train in parallel (default: one per core, at most 8)', 1, 64))
    .option('--out <dir>', 'directory for runs and report (default: runs/compare)')
    .addOption(
      new Option(
        '--print',
        'train nothing; print a command for each missing run, one per line, for xargs or GNU parallel',
      ).conflicts(['gather', 'slurm', 'queue', 'jobs']),
    )
    .addOption(
      new Option(
        '--slurm <dir>',
        'train nothing; write job arrays for Slurm into this folder, with a script that submits them',
      ).conflicts(['gather', 'queue', 'jobs']),
    )
    .addOption(
      new Option(
        '--queue <url>',
        'let workers train: enqueue the missing runs on Redis and wait, e.g. redis://localhost:6379',
      ).conflicts('gather'),
    )
    .option('--detach', 'with --queue: do not wait')
    .addOption(results())
    .addOption(new Option('--gather', 'train nothing; report on the runs that are finished'))
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', COMPARE_HELP)
    .action(
      run(async (options, self: Command) =>
        (await import('./compare.ts')).compareCommand(options, self.args),
      ),
    )
}

const results = () =>
  new Option(
    '--results <s3>',
    'S3-compatible bucket for runs, for workers without a shared folder, e.g. s3://bucket/folder, with credentials from the environment',
  )

const queue = () =>
  new Option('--queue <url>', 'the queue, e.g. redis://localhost:6379').makeOptionMandatory()

function addJobs(add: AddCommand, run: Wrap): void {
  add(
    'job <dir> <id>',
    'Train and evaluate one run of a comparison, as listed by "oxbow compare --print"',
  ).action(run(async (dir, id, options) => (await import('./job.ts')).jobCommand(dir, id, options)))

  add('worker', 'Train runs of comparisons from a queue, on any number of machines')
    .addOption(queue())
    .option(
      '--out <dir>',
      'folder for runs; on a shared disk, that of the comparison (default: runs/compare)',
    )
    .addOption(results())
    .option(
      '--files <dir>',
      "folder that contains the comparison's configuration file on this machine; without it, jobs that refer to files are rejected",
    )
    .addOption(whole('--jobs <n>', 'concurrent training runs (default: 1)', 1, 64))
    .addOption(
      whole(
        '--lease <seconds>',
        'seconds without a heartbeat after which other workers take over the jobs of this one (default: 30)',
        2,
        3600,
      ),
    )
    .option('--drain', 'exit when no jobs are left')
    .addHelpText('after', WORKER_HELP)
    .action(run(async options => (await import('./worker.ts')).workerCommand(options)))

  add('jobs', 'List the jobs of a queue: waiting, running (worker and step), done, failed (and why)')
    .addOption(queue())
    .action(run(async options => (await import('./jobs.ts')).jobsCommand(options)))
}

function addOthers(add: AddCommand, run: Wrap, argv: readonly string[]): void {
  add(
    'objectives [id]',
    'List objectives, or describe one: rule, formula, paper, cost as published and as measured',
  ).action(run(async (id, options) => (await import('./objectives.ts')).objectivesCommand(id, options)))

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

  const features = add(
    'features <data>',
    'Train a classifier on labelled data, for the feature metrics of evaluate',
  )
    .addOption(new Option('--out <file>', 'ONNX file to write').makeOptionMandatory())
    .addOption(whole('--steps <n>', 'training steps', 1, 1_000_000).default(3000))
    .addOption(seed('random seed for initialisation, data and noise'))
    .action(run(async (data, options) => (await import('./features.ts')).featuresCommand(data, options)))
  addDataKeys(features, argv)

  add('studio', 'Open the studio: explore, train and compare flow maps in the browser')
    .addOption(whole('--port <n>', 'port to listen on; 0 for a free one', 0, 65_535).default(4680))
    .option(
      '--host <name>',
      'address to listen on; anything but the default lets other machines connect',
      '127.0.0.1',
    )
    .option('--runs <dir>', 'folder of runs that can be opened', 'runs')
    .option('--no-open', 'do not open the browser')
    .action(run(async options => (await import('./studio.ts')).studioCommand(options)))

  add('bench', 'Benchmark speed on this machine, against ONNX Runtime, PyTorch and JAX if they are installed')
    .option('--python <path>', 'Python interpreter that has PyTorch and JAX', 'python3')
    .addOption(
      whole(
        '--rounds <n>',
        'number of rounds; engines alternate and the median is reported',
        1,
        1000,
      ).default(7),
    )
    .option('--quick', 'run only six workloads; all of them take hours')
    .option('--only <text>', 'only workloads whose name contains this text, such as dit or train-psd-512')
    .action(run(async options => (await import('./bench.ts')).benchCommand(options)))

  add('doctor', 'Show what Oxbow uses on this machine and why: engine, device, threads, memory, folders')
    .addHelpText('after', DOCTOR_HELP)
    .action(run(async options => (await import('./doctor.ts')).doctorCommand(options)))
}

/** What the help of `sample` says of methods and grids, where these arguments ask for it: reading them takes a while. */
const samplingHelp = async (argv: readonly string[]): Promise<string> =>
  argv.includes('sample') && ['help', '--help', '-h'].some(word => argv.includes(word))
    ? (await import('./methods-help.ts')).methodsHelp()
    : ''

/**
 * Runs a command line.
 *
 * @param argv  the arguments after `oxbow`
 * @returns the exit code: 0, 1 for a failure, 2 for wrong usage, 128 and the signal's number where one ended the command
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0
  const program = buildProgram(argv, await samplingHelp(argv), given => {
    code = given
  })
  const debug = argv.includes('--debug')
  onFallback(reason => {
    if (debug) note(`oxbow: this step does not run on the compiled engine: ${reason}`)
  })
  if (argv.length === 0) {
    program.outputHelp({ error: true })
    return 2
  }
  try {
    const [first, topic] = argv
    if (first === 'help' && topic && !program.commands.some(command => command.name() === topic)) {
      throw new UsageError(`unknown command '${topic}'; "oxbow --help" lists them`)
    }
    const command = program.commands.find(each => each.name() === first)
    // Loaded with the keys of a configuration, which help does without.
    const isAsked = argv.some(argument => argument.startsWith('--')) && !argv.includes('--help')
    const given = isAsked ? (await import('./aliases.ts')).withOurNames(argv, command) : argv
    await program.parseAsync(given, { from: 'user' })
    return code
  } catch (error) {
    return report(error, { json: argv.includes('--json'), debug })
  }
}
