import { type Command, Option } from 'commander'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import { UsageError } from './failure.ts'
import { interval, scale } from './options.ts'

/** The options of commands that sample with guidance. */
export interface GuidanceFlags {
  readonly guidance?: number
  readonly guidanceInterval?: readonly [number, number]
  readonly guidanceOnJumps?: boolean
}

export const addGuidance = (command: Command): Command =>
  command
    .addOption(
      new Option('--guidance <w>', 'guidance scale, of a run with conditions: 1 is none').argParser(
        scale('--guidance'),
      ),
    )
    .addOption(
      new Option(
        '--guidance-interval <times>',
        'times in which guidance acts, e.g. 0.2,0.8 (default: all)',
      ).argParser(interval('--guidance-interval')),
    )
    .option(
      '--guidance-on-jumps',
      'guide jumps, which is not the jump of the guided flow: oversaturated samples',
    )

/** @throws UsageError for an interval or jumps without a scale */
export function guidanceOf({
  guidance,
  guidanceInterval: times,
  guidanceOnJumps: onJumps,
}: GuidanceFlags): GuidanceChoice | undefined {
  if (guidance !== undefined) {
    return { scale: guidance, ...(times && { interval: times }), ...(onJumps && { onJumps }) }
  }
  if (times || onJumps) throw new UsageError('--guidance is needed: it is the scale, such as 2')
  return undefined
}
