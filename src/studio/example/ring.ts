import type { Plan } from '../plan.ts'
export const trainedBy: Plan = null as never
export const distance = { value: 0, floor: 0 }
export const weights = ''
