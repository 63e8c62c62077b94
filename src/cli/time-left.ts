import { formatDuration } from '../report/format.ts'

/** How long the rest of a training takes at its pace, in words; a dash where that is not known. */
export const timeLeft = ({
  step,
  steps,
  stepsPerSecond,
}: {
  readonly step: number
  readonly steps: number
  readonly stepsPerSecond: number
}): string => {
  if (step >= steps) return '0 s'
  return stepsPerSecond > 0 ? formatDuration(Math.ceil((steps - step) / stepsPerSecond)) : '–'
}
