import { z } from 'zod'

/** A list as it is also written in a command: `0.02,0.2` for `[0.02,0.2]`. */
export const spelledOut = (value: unknown): unknown => {
  if (typeof value === 'number') return [value]
  return typeof value === 'string'
    ? value.split(',').map(part => (part.trim() === '' ? part : Number(part)))
    : value
}

/** A list of numbers among the options of a row. */
export const listed = <S extends z.ZodType>(schema: S) => z.preprocess(spelledOut, schema)
