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
    'auto (what the map is trained for), jump (the flow map), renoise (jumps to data with fresh noise between), or a solver of its velocity or its diffusion (listed below)',
  )
    .argParser(oneOf('--method', METHODS))
    .default('auto')
const methodOptions = () =>
  new Option('--method-options <list>', 'options of the method, e.g. eta=0.5').argParser(text =>
    optionPairs('--method-options', text),
  )
const grid = (description: string) => new Option('--grid <times>', description).conflicts('steps')
const weights = () =>
  new Option('--weights <name>', `averaged or other weights: ${WEIGHTS_FORM}`)
    .argParser(weightsName())
    .default('ema')
const seed = (description: string) =>
  new Option('--seed <n>', description).argParser(wholeNumber('--seed', 0)).default(0)
const whole = (flags: string, description: string, least: number, most: number) =>
  new Option(flags, description).argParser(wholeNumber(flags.split(' ')[0], least, most))

const KEYS_HELP = `
Every key of the configuration is an option: --network.hidden 256, --optimizer.clip 1, --times.law logit-normal.
The keys, their meaning and defaults: docs/configuration.md`

/** Children of the command see it too. */
const device = () =>
  new Option('--device <name>', `what networks run on: ${DEVICES.join(', ')} (default: cpu)`).argParser(
    (name: string) => {
      process.env.OXBOW_DEVICE = oneOf('--device', DEVICES)(name)
      return name
    },
  )

const COMPARE_HELP = `
Keys of the training configuration are options too: --training.steps 2000, --training.network.hidden 64`

const WORKER_HELP = `
Ctrl-C gives what is being trained back to the queue, with its checkpoint. Workers need the packages bullmq and ioredis. See docs/sweeps.md`

const DOCTOR_HELP = `
Nothing is written or sent. The exit code is 1 if the engine or device that was asked for cannot be used here.`

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
    .description('Train, measure, sample, steer and ship flow maps.')
    .version(VERSION)
    .showHelpAfterError(false)
  const add: AddCommand = (usage, description) =>
    quiet(program.command(usage))
      .description(description)
      .option('--json', 'print one JSON document on standard output, logs on standard error')
      .option(
        '--debug',
        'print the stack trace of a failure, and why a graph does not run on the engine that was asked for',
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
  add('train', 'train a flow map')
    .option(
      '--config <file>',
      'YAML file of configuration keys, or config.json of a run; options override it',
    )
    .option('--data <name>', 'built-in dataset, path of a file or folder, or block (default: ring)', dataSpec)
    .option(
      '--source <name>',
      'begin at the points of other data in the place of noise, named as --data',
      dataSpec,
    )
    .option(
      '--recipe <name>',
      'a whole training, measured to work: one-step (the default without --objective)',
    )
    .option('--objective <id>', 'a single objective with its own defaults; see "oxbow objectives"')
    .option(
      '--teacher <name>',
      'a run directory, "train" to train one first, or "exact" for Gaussian mixtures',
    )
    .option(
      '--init-from <run>',
      'a run or .safetensors model whose parameters are the start, or stay with --adapter.rank 8',
    )
    .option(
      '--steps <n>',
      'training steps (default: 12000 for one-step, which gives its teacher 8000 more; 6000 for an objective)',
    )
    .option('--batch <n>', 'samples in a step (default: 512, or 64 of a transformer)')
    .option('--lr <x>', 'learning rate (default: 0.001, or 0.003 with an adapter)')
    .option('--seed <n>', 'seed of data, noise and initialisation (default: 0)')
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
  const command = add('sample <model>', 'draw samples from a run, a .safetensors model or an .onnx file')
    .addOption(
      new Option(
        '--steps <list>',
        'number of jumps (default: 1); several such as 1,4 are sampled one after another',
      ).argParser(stepList('--steps')),
    )
    .addOption(
      grid(
        'times to go through in place of those that go with the method: 1,0.6,0.2,0, a file of them, or a grid by its name, e.g. karras:10,rho=5',
      ).argParser(askedGrid('--grid')),
    )
    .addOption(
      new Option('--start <file>', 'points to begin from in place of noise: any file of data').conflicts(
        'count',
      ),
    )
    .addOption(
      count(
        'number of samples, with --class all of each class (default: 5000 in all; on a sheet of pictures 64, or 8 of each class)',
      ),
    )
    .addOption(seed('seed of the noise'))
    .option(
      '--class <name>',
      'class to sample, of a run with --condition class; "none" for the data as a whole; "all" for each class from the same noise, one after another (a sheet has a row for each, CSV a last column "class")',
    )
    .option(
      '--vector <numbers>',
      'vector to sample with, such as 0.3,1.2 in the data\'s units, of a run with --condition vector; "none" for the data as a whole',
    )
    .option(
      '--state <numbers>',
      'noisy point and its time, such as 0.3,1.2,0.5, of a run with --condition state: draws what data it may come from; "none" for the data as a whole',
    )
  addGuidance(command)
    .option(
      '--out <file>',
      'file to write: .csv, .npy, .png or .svg; samples that are pictures make .png and .svg a sheet of them, text is written as .txt or .jsonl (default: CSV, or .txt, in samples/ of the run)',
    )
    .addOption(method())
    .addOption(methodOptions())
    .addOption(
      new Option(
        '--decode <how>',
        'of text: the most probable symbol of each position (argmax, default), or one drawn from its probabilities (sample)',
      ).argParser(oneOf('--decode', ['argmax', 'sample'])),
    )
    .addOption(
      new Option(
        '--as <form>',
        'of points on the sphere in a CSV: unit vectors (points, default), or latitude and longitude in degrees (places)',
      ).argParser(oneOf('--as', ['points', 'places'])),
    )
    .option('--prefix <text>', 'of text: how it begins, of a run that was trained with --prefix')
    .addOption(
      densityOption(
        ['jump', 'flow', 'head'],
        "a last column logDensity (of .npy a second file): jump, of the sampler itself; flow, of the flow of its velocity, without steps; or head, what a divergence head says, an estimate of the teacher's",
      ),
    )
    .addOption(
      new Option(
        '--divergence <name>',
        'of --density flow: exact (default), or estimated by a random vector for each sample, rademacher or gaussian, for many coordinates',
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
    'measure samples of a run, or of a file with --data, against data, each metric beside its noise floor',
  )
    .addOption(nfe([1, 2, 4, 8], 'numbers of jumps to measure'))
    .addOption(
      grid('times from 1 to 0 to measure in place of equal steps; may be repeated').argParser(
        (text, earlier: AskedGrid[] = []) => [...earlier, askedGrid('--grid')(text)],
      ),
    )
    .addOption(count('number of points').default(20_000))
    .addOption(seed('seed of noise and reference data'))
    .option('--data <name>', 'measure against other data than the run was trained on', dataSpec)
    .addOption(
      new Option('--metrics <list>', 'names such as quick,recall, or all (default: quick)').argParser(
        metricList('--metrics'),
      ),
    )
    .option(
      '--features <file>',
      'ONNX network whose features are compared too (featureFrechet, classAccuracy, ...)',
    )
    .addOption(
      new Option(
        '--solvers <list>',
        'also compare solvers, e.g. euler,heun,dpm++2m, or all that fit: error against the flow of the own velocity at 1 to 128 evaluations, with the order fitted',
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
      'with "none", measure a run with --condition class as a map of the data as a whole (default: each class as often as the data has it)',
    )
    .option('--vector <none>', 'the same of a run with --condition vector')
    .option('--no-report', 'write no report.html and no plots')
  addGuidance(command).action(
    run(async (path, options) => (await import('./evaluate.ts')).evaluateCommand(path, options)),
  )
  addDataKeys(command, argv)
}

function addReport(add: AddCommand, run: Wrap): void {
  add('report <run>', 'write the report and the plots of a run again, from its last evaluation')
    .option('--out <file>', 'file of the page (default: report.html in the run)')
    .action(run(async (path, options) => (await import('./report.ts')).reportCommand(path, options)))
}

function addCompare(add: AddCommand, run: Wrap): void {
  add('compare', 'train what is missing, measure and compare objectives')
    .option('--config <file>', 'YAML file of a comparison; options override it')
    .option('--data <name>', 'built-in dataset, path of a file or folder, or block (default: ring)', dataSpec)
    .option('--objectives <list>', 'objectives to compare, e.g. psd,lsd,meanflow')
    .option('--teacher <name>', '"train" (default), "exact" or a run directory, for those that need one')
    .addOption(whole('--seeds <n>', 'number of seeds (default: 1)', 1, 100))
    .addOption(
      new Option('--steps <list>', 'numbers of jumps to measure (default: 1,2,4,8)').argParser(
        stepList('--steps'),
      ),
    )
    .addOption(whole('--count <n>', 'points in each measurement (default: 20000)', 100, 10_000_000))
    .option('--features <file>', 'ONNX network whose features are compared too, as evaluate --features')
    .addOption(whole('--jobs <n>', 'trainings at a time (default: one per core, at most 8)', 1, 64))
    .option('--out <dir>', 'directory of runs and report (default: runs/compare)')
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
        'let workers train: put the missing runs into a queue on Redis and wait, e.g. redis://localhost:6379',
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
    'where workers without a shared folder leave runs: an S3-compatible bucket, e.g. s3://bucket/folder, with credentials from the environment',
  )

const queue = () =>
  new Option('--queue <url>', 'the queue, e.g. redis://localhost:6379').makeOptionMandatory()

function addJobs(add: AddCommand, run: Wrap): void {
  add(
    'job <dir> <id>',
    'train and evaluate one run of a comparison, as "oxbow compare --print" lists them',
  ).action(run(async (dir, id, options) => (await import('./job.ts')).jobCommand(dir, id, options)))

  add('worker', 'train runs of comparisons from a queue, on any number of machines')
    .addOption(queue())
    .option(
      '--out <dir>',
      'folder of runs; that of the comparison where machines share it (default: runs/compare)',
    )
    .addOption(results())
    .option(
      '--files <dir>',
      "folder of the comparison's file on this machine, for data in files; without it, jobs that name files are refused",
    )
    .addOption(whole('--jobs <n>', 'trainings at a time (default: 1)', 1, 64))
    .addOption(
      whole(
        '--lease <seconds>',
        'silence after which others take up the jobs of this worker (default: 30)',
        2,
        3600,
      ),
    )
    .option('--drain', 'end when the queue has nothing left to do')
    .addHelpText('after', WORKER_HELP)
    .action(run(async options => (await import('./worker.ts')).workerCommand(options)))

  add('jobs', 'what a queue holds: waiting, running with worker and step, done, failed and why')
    .addOption(queue())
    .action(run(async options => (await import('./jobs.ts')).jobsCommand(options)))
}

function addOthers(add: AddCommand, run: Wrap, argv: readonly string[]): void {
  add('objectives [id]', 'the catalogue: rule, formula, paper, published and measured cost').action(
    run(async (id, options) => (await import('./objectives.ts')).objectivesCommand(id, options)),
  )

  add('export <model>', 'write the model, or the training of a run, for other programs')
    .addOption(
      new Option('--format <name>', 'file format')
        .argParser(oneOf('--format', ['onnx', 'safetensors', 'npz', 'training']))
        .default('onnx'),
    )
    .addOption(weights())
    .option('--sampler', 'a whole sampler as one ONNX graph, from noise to samples')
    .addOption(whole('--steps <n>', 'number of jumps of the sampler (default: 1)', 1, 256))
    .addOption(
      grid('times of the sampler in place of equal steps, e.g. 1,0.6,0.2,0').argParser(askedGrid('--grid')),
    )
    .addOption(method().default(undefined, 'auto'))
    .addOption(methodOptions())
    .addOption(
      whole(
        '--parts <n>',
        'of --format training: parts that a batch is divided into, a multiple of the processes (default: 1)',
        1,
        65_536,
      ),
    )
    .option('--from-start', 'of --format training: begin at step 0, not at the newest checkpoint')
    .addOption(
      whole(
        '--train-to <n>',
        'of --format training: steps of the whole training (default: as the run)',
        1,
        1_000_000_000,
      ),
    )
    .option(
      '--out <file>',
      'file to write (default: model.FORMAT or sampler-N.onnx beside the model); of --format training a folder (default: training in the run)',
    )
    .action(run(async (model, options) => (await import('./export.ts')).exportCommand(model, options)))

  add(
    'draws <folder>',
    'write what an exported training draws, as bytes on standard output, for its launcher',
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
    'train a classifier on the labels of data; evaluate compares samples by its features',
  )
    .addOption(new Option('--out <file>', 'ONNX file to write').makeOptionMandatory())
    .addOption(whole('--steps <n>', 'training steps', 1, 1_000_000).default(3000))
    .addOption(seed('seed of initialisation, data and noise'))
    .action(run(async (data, options) => (await import('./features.ts')).featuresCommand(data, options)))
  addDataKeys(features, argv)

  add('studio', 'see, train and compare flow maps in the browser')
    .addOption(whole('--port <n>', 'port to listen on; 0 for a free one', 0, 65_535).default(4680))
    .option(
      '--host <name>',
      'address to listen on; another than this machine alone lets others in',
      '127.0.0.1',
    )
    .option('--runs <dir>', 'folder whose runs can be opened', 'runs')
    .option('--no-open', 'do not open the browser')
    .action(run(async options => (await import('./studio.ts')).studioCommand(options)))

  add('bench', 'speed on this machine, beside ONNX Runtime, and PyTorch and JAX where they are installed')
    .option('--python <path>', 'Python to look for PyTorch and JAX in', 'python3')
    .addOption(whole('--rounds <n>', 'alternating rounds; the median counts', 1, 1000).default(7))
    .option('--quick', 'six rows rather than all, which take hours')
    .option('--only <text>', 'rows whose names contain it, e.g. dit or train-psd-512')
    .action(run(async options => (await import('./bench.ts')).benchCommand(options)))

  add('doctor', 'what is used on this machine and why: engine, device, threads, memory, folders')
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
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    return report(error, { json: argv.includes('--json'), debug })
  }
}
