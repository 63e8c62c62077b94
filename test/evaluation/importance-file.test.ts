import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readImportance } from '../../src/evaluation/importance-file.ts'
import { RunError } from '../../src/serialization/run.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('importance-file')

test('weights that are not there are none, and what is no record is refused by its key', () => {
  expect(readImportance(folder)).toBeUndefined()
  const found = (text: string): string => {
    writeFileSync(join(folder, 'importance.json'), text)
    try {
      readImportance(folder)
      return 'read'
    } catch (error) {
      expect(error).toBeInstanceOf(RunError)
      return (error as Error).message
    }
  }
  expect(found('{')).toMatch(/importance\.json: not the weights of a run's samples \(not valid JSON\)/)
  expect(found('{}')).toMatch(/\(energy is missing or wrong\)/)
  expect(found('[]')).toMatch(/\(all of it is missing or wrong\)/)
})
