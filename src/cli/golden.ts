import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnknownRowError } from '../objective/golden.ts'
import type { Agreement } from '../objective/golden-agreement.ts'
import { checkAny } from './golden/kinds.ts'
import { likelihoodKinds } from './golden/likelihood.ts'
import { checkCase } from './golden/steering.ts'

/** Checks every fixture of a directory, one line each; exits 1 when one is missed or unknown, 2 when there are none. */
async function main(directory: string | undefined): Promise<number> {
  if (!directory) {
    console.error('golden: expected a directory of fixtures, e.g. npm run golden -- test/fixtures/golden')
    return 2
  }
  let files: string[]
  try {
    files = readdirSync(directory)
      .filter(file => file.endsWith('.json'))
      .sort()
  } catch (error) {
    console.error(`golden: ${directory}: ${(error as Error).message}`)
    return 2
  }
  if (files.length === 0) {
    console.error(`golden: ${directory}: no .json fixtures`)
    return 2
  }
  const results: boolean[] = []
  for (const file of files) results.push(await check(join(directory, file), file))
  const passed = results.filter(Boolean).length
  console.log(`${passed} of ${files.length} fixtures match`)
  return passed === files.length ? 0 : 1
}

async function checkFixture(fixture: { readonly kind?: string }): Promise<Agreement> {
  if (Object.hasOwn(fixture, 'case')) return checkCase(fixture)
  const { kind = '' } = fixture
  return Object.hasOwn(likelihoodKinds, kind) ? likelihoodKinds[kind](fixture) : checkAny(fixture)
}

async function check(path: string, file: string): Promise<boolean> {
  try {
    const fixture = JSON.parse(readFileSync(path, 'utf8'))
    const { term, errors, passed } = await checkFixture(fixture)
    const sizes = Object.entries(errors).map(([name, error]) => `${name} ${error.toExponential(1)}`)
    const of = term === undefined ? '' : ` ${term},`
    console.log(`${passed ? 'ok  ' : 'MISS'} ${file}:${of} relative errors ${sizes.join(', ')}`)
    return passed
  } catch (error) {
    const kind = error instanceof UnknownRowError ? 'UNKNOWN' : 'BROKEN'
    console.log(`${kind} ${file}: ${(error as Error).message.split('\n')[0]}`)
    return false
  }
}

process.exitCode = await main(process.argv[2])
