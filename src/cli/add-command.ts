import type { Command } from 'commander'

/** Adds a command with what every command has. */
export type AddCommand = (usage: string, description: string) => Command

// biome-ignore lint/suspicious/noExplicitAny: commander does not type what it hands to actions
type Arguments = any[]

/** Makes commander's action of one that gives the exit code, or nothing for 0. */
export type Wrap = (action: (...args: Arguments) => Promise<unknown>) => (...args: Arguments) => Promise<void>
