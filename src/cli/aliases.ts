import type { Command } from 'commander'
import { named, tables } from '../config/aliases.ts'
import { configKeys } from '../config/index.ts'
import { UsageError } from './failure.ts'

/** How the keys of a training begin among a command's options; absent where they are none. */
const PREFIXES: Readonly<Record<string, string>> = { train: '', compare: 'training.' }

const EPOCHS = /^--(num-|max-)?epochs?(=|$)/

/** The name of an option as this command has it, where it is called as another library calls it. */
function renamed(name: string, command: Command): string | undefined {
  const isOption = (ours: string): boolean => command.options.some(({ long }) => long === `--${ours}`)
  if (isOption(name)) return undefined
  // A comparison measures so many steps; those of its trainings are keys.
  const option = named(name, isOption, command.name() === 'compare' ? tables.sampling : tables.all)
  if (option !== undefined) return option
  const prefix = PREFIXES[command.name()]
  if (prefix === undefined) return undefined
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name
  const keys = new Set(configKeys())
  const key = named(bare, ours => keys.has(ours))
  return key && prefix + key
}

/**
 * The arguments of a command, with names of other libraries (`--learning-rate`, `--batch_size`, `--num-inference-steps`) turned
 * into ours.
 *
 * @throws UsageError for epochs, which nothing is counted in
 */
export function withOurNames(argv: readonly string[], command: Command | undefined): readonly string[] {
  if (!command) return argv
  return argv.map(argument => {
    if (PREFIXES[command.name()] !== undefined && EPOCHS.test(argument)) {
      throw new UsageError(
        '--epochs: training is counted in steps, of one batch each; use --steps, such as --steps 6000 (an epoch is ROWS / BATCH steps)',
      )
    }
    const match = /^--([A-Za-z][\w.-]*)(=.*)?$/s.exec(argument)
    const ours = match && renamed(match[1], command)
    return ours ? `--${ours}${match[2] ?? ''}` : argument
  })
}
