import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { conventions } from '../../src/importing/conventions.ts'
import { openModel } from '../../src/runtime/node.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { type FakeHub, fakeHub } from '../helpers/hub.ts'

const page = readFileSync('docs/export.md', 'utf8')
const home = process.cwd()
let hub: FakeHub

beforeAll(async () => {
  process.chdir(temporaryFolder('export-page'))
  hub = await fakeHub('hf_page')
})
afterEach(() => vi.unstubAllEnvs())
afterAll(async () => {
  process.chdir(home)
  await hub.close()
})

test('the commands of docs/export.md run in their order', async () => {
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_TOKEN', 'hf_page')
  const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, text]) =>
    text.trim().split('\n'),
  )
  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) {
    const words = command
      .replace(/^npx oxbow /, '')
      .replace('--steps 6000', `--steps 4 ${TINY.join(' ')}`)
      .split(' ')
    const { code, stderr } = await runHere(words)
    expect(code, `${command}: ${stderr}`).toBe(0)
  }
})

test('the ONNX files are as the page says', async () => {
  for (const name of ['model', 'sampler']) {
    const { program, inputs, metadata } = await openModel(readFileSync(`out/${name}.onnx`))
    for (const { name } of inputs) expect(page).toContain(`\`${name}`)
    for (const key of Object.keys(metadata)) expect(page).toContain(`\`${key}\``)
    await program.close()
  }
  const { config } = readModel('out/model.safetensors')
  expect(JSON.parse(readFileSync('out/config.json', 'utf8')).config).toEqual(config)
})

test('the table of conventions is that of the code', () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (.*) \| `(x,[std,]+)` \| `(.*)` \| (.*) \|$/gm)]
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(conventions))
  for (const [, name, written, inputs, time] of rows) {
    const convention = conventions[name as keyof typeof conventions]
    expect(inputs).toBe(convention.inputs.join())
    for (const [paper] of convention.source.matchAll(/arXiv:[\d.]+\d/g)) expect(written).toContain(paper)
    // The formula, piece by piece, without the marks of code.
    expect(written.replaceAll('`', '')).toContain(convention.formula)
    const { offset, factor } = convention.time
    const told: Record<string, string> = { '0,1': 's', '1,-1': '1 - s', '0,1000': '1000 s' }
    if (!('usesSigmaData' in convention)) expect(time).toBe(told[`${offset},${factor}`])
  }
})
