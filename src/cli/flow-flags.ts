import { UsageError } from './failure.ts'

/** Options that say how a sampler goes. */
interface StepFlags {
  readonly density?: string
  readonly steps?: number
  readonly grid?: unknown
  readonly method?: string
}

/** Refuses options of steps where the density is that of the flow. @throws UsageError */
export function checkFlow({ density, steps, grid, method }: StepFlags): void {
  if (density !== 'flow') return
  const given = { method: method === 'auto' ? undefined : method, steps, grid: grid && '' }
  const wrong = Object.entries(given).find(([, value]) => value !== undefined)
  if (!wrong) return
  const [name, value] = wrong
  throw new UsageError(
    `--density flow: is the density of the flow itself, followed by an adaptive solver; remove --${name}${value === '' ? '' : ` ${value}`}`,
  )
}
