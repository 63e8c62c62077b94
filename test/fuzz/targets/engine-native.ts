import { programTarget } from '../read-program.ts'

export const target = programTarget(40_000)
