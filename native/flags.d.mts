export interface Unit {
  readonly name: string
  readonly source: string
  readonly flags: readonly string[]
}
export const COMPILERS: readonly string[]
export const FLAGS: readonly string[]
export const INSTRUCTIONS: Readonly<Record<string, readonly string[]>> | undefined
export const UNITS: readonly Unit[]
export function unitsFor(arch: string): readonly Unit[]
export function addonUnit(headers: string): Unit
export function findCompiler(): readonly string[] | undefined
