import type { Objective, Traits } from '../objective/index.ts'
import type { Config } from './schema.ts'

/** What a combination of keys makes no sense for, or nothing. */
export type Check = (config: Config, objective: Objective, traits: Traits) => string | false
