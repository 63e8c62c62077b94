import { type Command, Option } from 'commander'
import type { GuidanceForm } from '../config/guidance.ts'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import { UsageError } from './failure.ts'
import { interval, scale } from './options.ts'

/** The options of commands that sample with guidance. */
export interface GuidanceFlags {
  readonly guidance?: number
  readonly guidanceInterval?: readonly [number, number]
  readonly guidanceOnJumps?: boolean
  readonly guidanceForm?: GuidanceForm
}

export const addGuidance = (command: Command): Command =>
  command
    .addOption(
      new Option('--guidance <w>', 'guidance scale, for runs with a condition (1: no guidance)').argParser(
        scale('--guidance'),
      ),
    )
    .addOption(
      new Option(
        '--guidance-interval <times>',
        'apply guidance only between these times, such as 0.2,0.8 (default: always)',
      ).argParser(interval('--guidance-interval')),
    )
    .addOption(
      new Option(
        '--guidance-form <form>',
        'what to guide: velocity, or logits for text (default: velocity)',
      ).choices(['velocity', 'logit']),
    )
    .option(
      '--guidance-on-jumps',
      'guide the jumps themselves; this is not the jump of the guided flow, and samples are oversaturated',
    )

/** @throws UsageError for an interval or jumps without a scale */
export function guidanceOf({
  guidance,
  guidanceInterval: times,
  guidanceOnJumps: onJumps,
  guidanceForm: form,
}: GuidanceFlags): GuidanceChoice | undefined {
  if (guidance !== undefined) {
    return {
      scale: guidance,
      ...(times && { interval: times }),
      ...(onJumps && { onJumps }),
      ...(form && { form }),
    }
  }
  if (times || onJumps || form) throw new UsageError('--guidance: a scale is needed, such as --guidance 2')
  return undefined
}
