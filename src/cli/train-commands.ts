import { type Command, Option } from 'commander'
import type { AddCommand, Wrap } from './add-command.ts'
import { whole } from './common-options.ts'
import { dataSpec, stepList } from './options.ts'

const KEYS_HELP = `
Every configuration key is also an option: --network.hidden 256, --optimizer.clip 1, --times.law logit-normal.
Common names from other libraries work too: --learning-rate, --batch-size, --weight-decay.
All keys and their defaults: docs/configuration.md`

export function addTrain(add: AddCommand, run: Wrap): void {
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

const COMPARE_HELP = `
Training configuration keys are options too: --training.steps 2000, --training.network.hidden 64`

export function addCompare(add: AddCommand, run: Wrap): void {
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

const WORKER_HELP = `
Ctrl-C saves a checkpoint and returns the current jobs to the queue. Workers need the packages bullmq and ioredis. See docs/sweeps.md`

export function addJobs(add: AddCommand, run: Wrap): void {
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

export function addObjectives(add: AddCommand, run: Wrap): void {
  add(
    'objectives [id]',
    'List objectives, or describe one: rule, formula, paper, cost as published and as measured',
  ).action(run(async (id, options) => (await import('./objectives.ts')).objectivesCommand(id, options)))
}
