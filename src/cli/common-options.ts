import { type Command, Option } from 'commander'
import { WEIGHTS_FORM } from '../config/weights-name.ts'
import { METHODS } from '../sampler/names.ts'
import { optionPairs } from './grid-flag.ts'
import { oneOf, weightsName, wholeNumber } from './options.ts'

// Options that several commands share.

export const method = () =>
  new Option(
    '--method <name>',
    'auto (what the model was trained for), jump (the flow map), renoise (jump to data, add fresh noise, repeat), or a solver for its velocity or diffusion (listed in sample --help)',
  )
    .argParser(oneOf('--method', METHODS))
    .default('auto')
export const methodOptions = () =>
  new Option('--method-options <list>', 'options of the method, such as eta=0.5').argParser(text =>
    optionPairs('--method-options', text),
  )
export const grid = (description: string) => new Option('--grid <times>', description).conflicts('steps')
export const weights = () =>
  new Option('--weights <name>', `which weights to use: ${WEIGHTS_FORM}`)
    .argParser(weightsName())
    .default('ema')
export const seed = (description = 'random seed') =>
  new Option('--seed <n>', description).argParser(wholeNumber('--seed', 0)).default(0)
export const whole = (flags: string, description: string, least: number, most: number) =>
  new Option(flags, description).argParser(wholeNumber(flags.split(' ')[0], least, most))

/** The options of these arguments that are keys of the data, such as `--data.csv.label`. */
const dataKeys = (argv: readonly string[]): string[] => [
  ...new Set(argv.flatMap(text => /^--data\.[\w.]+(?==|$)/.exec(text)?.[0] ?? [])),
]

export const addDataKeys = (command: Command, argv: readonly string[]): void => {
  for (const key of dataKeys(argv)) command.addOption(new Option(`${key} <value>`).hideHelp())
}
