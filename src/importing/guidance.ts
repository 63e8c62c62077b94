import { guidanceRecord } from '../config/guidance.ts'
import { type Config, ConfigError, type UserConfig } from '../config/index.ts'

/** How imported weights are guided: not at all, trained at one scale, or told a scale. */
export type GuidanceApplied = 'none' | 'input' | { readonly baked: number }

/** Keys of the configuration that record it. */
export const guidanceKeys = (applied: GuidanceApplied | undefined): UserConfig =>
  typeof applied === 'object' ? { guidance: { baked: applied.baked } } : {}

const ASK =
  'the weights are class-conditional and do not record their guidance, and scales multiply; expected --guidance-applied none (no guidance in their training), baked:W (trained at the scale W, e.g. baked:2.5) or input (takes the scale as an input)'

const textOf = (applied: GuidanceApplied): string =>
  typeof applied === 'object' ? `baked:${applied.baked}` : applied

/** What is wrong with what is said of a model's guidance, or with nothing being said of it. */
function problemOf(config: Config, applied: GuidanceApplied | undefined): string | undefined {
  const recorded = guidanceRecord(config)
  if (config.condition.kind === 'none') {
    if (applied === undefined || applied === 'none') return undefined
    return `the weights are unconditional and cannot be guided; expected none, found ${textOf(applied)}`
  }
  if (applied === undefined) return recorded.applied === 'none' ? ASK : undefined
  if (applied === 'input') {
    return recorded.applied === 'input'
      ? undefined
      : 'input: the weights have no input for a scale; expected none or baked:W'
  }
  const found = recorded.applied === 'baked' ? `baked:${recorded.scale}` : recorded.applied
  if (found === textOf(applied)) return undefined
  return `found ${textOf(applied)}, but the keys under guidance say ${found}; remove one of the two`
}

/**
 * Checks what is said of the guidance of weights that carry no record of it. Nothing is guessed: whoever guides a map that is
 * guided already multiplies the two scales.
 *
 * @param config  of the imported model
 * @throws ConfigError when it is not said, or cannot be
 */
export function checkGuidanceApplied(config: Config, applied: GuidanceApplied | undefined): void {
  const problem = problemOf(config, applied)
  if (problem !== undefined) throw new ConfigError(`guidanceApplied: ${problem}`)
}
