import { afterEach, describe, expect, test, vi } from 'vitest'
import { DYNAMIC, simplify, spec, type Tensor, trace } from '../../../src/autodiff/index.ts'
import { onFallback } from '../../../src/runtime/cpu/fallback.ts'
import { findNative } from '../../../src/runtime/cpu/native.ts'
import { compile } from '../../../src/runtime/node.ts'
import { runHere } from '../../helpers/cli.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  onFallback(() => {})
})

const LINE = 'oxbow: this step does not run on the compiled engine: '

/** Two rows of an open batch. */
async function ran(make: (x: Tensor) => Tensor): Promise<number[]> {
  const program = await compile(simplify(trace(x => make(x), spec([DYNAMIC, 2]))), { threads: 1 })
  const [found] = await program.run([Float32Array.of(1, 2, 3, 4)])
  await program.close()
  return [...(found as Float32Array)]
}

describe.skipIf(!findNative())('a graph that the compiled engine does not run', () => {
  test.each([
    ['says why once with --debug', ['--debug'], ['exp is needed of all rows at once']],
    ['says nothing without', [], []],
  ])('%s', async (_, flags, reasons) => {
    vi.stubEnv('OXBOW_ENGINE', 'native')
    await runHere(['objectives', 'lsd', ...flags])
    const said: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation(text => said.push(String(text)) > 0)
    // Sums from row to row, which no engine of rows has.
    for (let i = 0; i < 2; i++) expect(await ran(x => x.exp().cumsum(0).log())).toHaveLength(4)
    expect(said).toEqual(reasons.map(reason => `${LINE}${reason}\n`))
  })

  test('is not one where it does run it', async () => {
    vi.stubEnv('OXBOW_ENGINE', 'native')
    const said: string[] = []
    onFallback(reason => said.push(reason))
    expect(await ran(x => x.cumsum(1))).toEqual([1, 3, 3, 7])
    expect(said).toEqual([])
  })
})
