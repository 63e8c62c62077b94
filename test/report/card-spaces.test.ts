import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { load, train } from '../../src/index.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('card-spaces')
const at = (...names: string[]) => join(folder, ...names)
const small = { network: { hidden: 8, layers: 1 }, batch: 16, steps: 3 } as const
const card = (name: string) => readFileSync(at(name, 'README.md'), 'utf8')
const pythonOf = (name: string) => card(name).match(/```python\n([\s\S]*?)```/)![1]

const CURVED = {
  sphere: 'sphere-vmf',
  torus: 'torus-ramachandran',
  rotations: 'so3-mixture',
  hyperbolic: 'hyperbolic-tree',
}

beforeAll(async () => {
  for (const [name, data] of Object.entries(CURVED)) {
    await train({ ...small, objective: 'lsd', data }, { directory: at(name) })
  }
  await train({ ...small, objective: 'psd-simplex', data: 'grammar' }, { directory: at('grammar') })
  const letters = Array.from({ length: 90 }, (_, i) => String.fromCodePoint(0x4e00 + i))
  writeFileSync(at('many.txt'), letters.map((_, i) => letters.slice(i, i + 2).join('')).join('\n'))
  await train({ ...small, objective: 'psd-simplex', data: at('many.txt') }, { directory: at('many') })
  const rows = Array.from({ length: 60 }, (_, i) => `${Math.cos(i)},${Math.sin(i)},${(i % 6) / 2},${i}`)
  writeFileSync(at('product.csv'), rows.join('\n'))
  const product = { csv: { path: at('product.csv'), space: 'sphere(2) x torus(1) x flat(1)' } }
  await train({ ...small, objective: 'lsd', data: product }, { directory: at('product') })
}, 120_000)

describe('the card of a model', () => {
  test('of text names its symbols, its end and its noise, and decodes', () => {
    const text = card('grammar')
    expect(text).toContain('Text: sequences of 21 symbols out of 13, the characters ` acdeghnopst`')
    expect(text).toContain('and an end, `\\n`, that fills the rest')
    expect(text).toContain('Noise at time 1: standard normal noise.')
    expect(text).toContain('`x [batch, 21, 13]` at times')
    expect(text).toContain('--steps 1 --count 20 --seed 7 --out texts.txt')
    expect(text).toMatch(/^ {2}- text$/m)
    expect(pythonOf('grammar')).toContain('standard_normal((batch, 21, 13))')
  })

  test('of text of many symbols lists some of them', () => {
    const text = card('many')
    expect(text).toMatch(/out of 9\d, the characters `[^`]{60}` and 3\d more/)
  })

  test.each([...Object.keys(CURVED), 'product'])(
    'of points on %s names the space and its noise',
    async name => {
      const map = await load(at(name))
      expect(card(name)).toContain(`Points of the space \`${map.space}\`. Noise at time 1: `)
      await map.close()
      expect(card(name)).not.toContain('standard normal noise.')
    },
  )
})

/** A Python with ONNX Runtime, where there is one. */
const python = ['python3', process.env.OXBOW_PYTHON].find(command => {
  if (command === undefined) return false
  try {
    execFileSync(command, ['-c', 'import onnxruntime, numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

describe.skipIf(python === undefined)('the Python of a card runs', () => {
  const CHECK: Readonly<Record<string, string>> = {
    sphere: 'assert np.allclose(np.linalg.norm(y, axis=1), 1, atol=1e-5)',
    torus: 'assert np.abs(y).max() < np.pi + 1e-5 and np.abs(y).max() > 2',
    rotations:
      'R = y.reshape(-1, 3, 3); assert np.allclose(R @ R.transpose(0, 2, 1), np.eye(3), atol=1e-5) and np.linalg.det(R).min() > 0.99; assert abs(rotations(5000, 9)[:, ::4].sum(1).mean()) < 0.1',
    // Of what it begins with: an untrained map leads far out.
    hyperbolic:
      'n = hyperbolic(5000, 3); assert np.allclose(n[:, 0]**2 - (n[:, 1:]**2).sum(1), 1) and abs(np.arccosh(n[:, 0]).mean() - np.sqrt(np.pi / 2)) < 0.04',
    product: 'assert np.allclose(np.linalg.norm(y[:, :2], axis=1), 1, atol=1e-5)',
    grammar: '',
  }
  test.each(Object.keys(CHECK))('of %s', name => {
    const given = { cwd: at(name), encoding: 'utf8' } as const
    const printed = execFileSync(python!, ['-c', `${pythonOf(name)}\n${CHECK[name]}`], given)
    if (name === 'grammar') expect(printed.trimEnd().split('\n').length).toBe(20)
  })
})
