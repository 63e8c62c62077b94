import { Command, Option } from 'commander'
import { onFallback } from '../runtime/cpu/fallback.ts'
import { DEVICES } from '../runtime/device.ts'
import { VERSION } from '../serialization/version.ts'
import type { AddCommand, Wrap } from './add-command.ts'
import { addDensities } from './density-commands.ts'
import { addExport, addFeatures } from './export-commands.ts'
import { report, UsageError } from './failure.ts'
import { addMachine } from './machine-commands.ts'
import { addHub, addImport, addMerge, addProgressive } from './model-commands.ts'
import { oneOf } from './options.ts'
import { addEvaluate, addReport, addSample } from './sample-commands.ts'
import { addSteering } from './steering-commands.ts'
import { note } from './terminal.ts'
import { addCompare, addJobs, addObjectives, addTrain } from './train-commands.ts'

// Each action imports its command only when it runs, so that `--help` is quick.

/** Children of the command see it too. */
const device = () =>
  new Option('--device <name>', `device to run on: ${DEVICES.join(', ')} (default: cpu)`).argParser(
    (name: string) => {
      process.env.OXBOW_DEVICE = oneOf('--device', DEVICES)(name)
      return name
    },
  )

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
  addObjectives(add, run)
  addExport(add, run)
  addFeatures(add, run, argv)
  addMachine(add, run)
  addSteering(add, run)
  addDensities(add, run)
  addHub(add, run)
  addMerge(add, run)
  addProgressive(add, run)
  addImport(add, run)
  return program
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
