import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { GuidanceApplied } from '../../src/importing/guidance.ts'
import { importModel } from '../../src/importing/import.ts'
import { load } from '../../src/index.ts'
import { encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { train } from '../../src/training/train.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { publishedWeights } from './dit-layout.ts'

const folder = temporaryFolder('import-guidance')

/** Weights that are told classes, or nothing. */
const weightsOf = (classes: number | undefined) => {
  const all = publishedWeights({
    ...{ size: 8, channels: 1, patch: 4, width: 16, depth: 1, heads: 2, hidden: 24 },
    ...{ frequencies: 4, classes: 10, learnsSigma: false },
  })
  const { 'y_embedder.embedding_table.weight': table, ...rest } = all
  return classes === undefined ? rest : { ...rest, 'y_embedder.embedding_table.weight': table }
}

const imported = (
  guidanceApplied: GuidanceApplied | undefined,
  guidance: object = {},
  classes: number | undefined = 10,
) =>
  importModel({ tensors: weightsOf(classes) }, 'dit.safetensors', {
    convention: 'flow-matching',
    config: { network: { heads: 2 }, guidance } as never,
    guidanceApplied,
  }).model.config.guidance

const told = join(folder, 'told.safetensors')
const untold = join(folder, 'untold.safetensors')
beforeAll(() => {
  writeFileSync(told, encodeSafetensors({ tensors: weightsOf(10), metadata: {} }))
  writeFileSync(untold, encodeSafetensors({ tensors: weightsOf(undefined), metadata: {} }))
})

const COMMON = ['--convention', 'flow-matching', '--network.heads', '2']
const importTo = (name: string, file: string, ...flags: string[]) =>
  runHere(['import', file, ...COMMON, '--out', join(folder, name), ...flags])

describe('the guidance of imported weights', () => {
  test('is asked for where they are told classes', async () => {
    const { code, stderr } = await importTo('asked', told)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^oxbow: guidanceApplied: the weights are class-conditional .*baked:W.*\n$/)
  })

  test('is not asked for where they are told nothing', async () => {
    expect(await importTo('untold', untold)).toMatchObject({ code: 0, stderr: '' })
    expect(await importTo('none', untold, '--guidance-applied', 'none')).toMatchObject({ code: 0 })
    for (const how of ['baked:2', 'input']) {
      const { code, stderr } = await importTo('never', untold, '--guidance-applied', how)
      expect(code).toBe(2)
      expect(stderr).toBe(
        `oxbow: guidanceApplied: the weights are unconditional and cannot be guided; expected none, found ${how}\n`,
      )
    }
  })

  test('is enforced in sampling as that of a run: baked at one scale', async () => {
    expect(await importTo('baked', told, '--guidance-applied', 'baked:2.5')).toMatchObject({ code: 0 })
    const run = join(folder, 'baked')
    const sample = (scale: string) =>
      runHere([
        ...['sample', run, '--method', 'euler', '--steps', '2', '--class', '3', '--count', '2'],
        ...['--guidance', scale, '--out', join(folder, `${scale}.npy`)],
      ])
    const refused = await sample('3')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('was trained at the scale 2.5, which cannot be changed')
    expect(await sample('2.5')).toMatchObject({ code: 0 })
    const map = await load(run)
    expect(map.guidance).toMatchObject({ applied: 'baked', scale: 2.5 })
    await map.close()
  })

  test('is none: a sampler may guide the velocity', async () => {
    expect(await importTo('plain', told, '--guidance-applied', 'none')).toMatchObject({ code: 0 })
    const found = await runHere([
      ...[
        'sample',
        join(folder, 'plain'),
        '--method',
        'euler',
        '--steps',
        '2',
        '--class',
        '3',
        '--count',
        '2',
      ],
      ...['--guidance', '3', '--out', join(folder, 'plain.npy')],
    ])
    expect(found).toMatchObject({ code: 0 })
  })

  test('is inherited, and not applied twice', async () => {
    const common = {
      ...{ data: { glyphs: { size: 8 } }, condition: { kind: 'class' }, standardize: 'none' },
      ...{ objective: 'lmd', teacher: join(folder, 'baked'), batch: 4, steps: 1, interpolant: 'linear' },
      network: { kind: 'dit', patch: 4, width: 8, depth: 1, heads: 1 },
    } as never
    const directory = join(folder, 'student')
    const guided = { ...(common as object), guidance: { rule: 'teacher' } } as never
    await expect(train(guided, { directory })).rejects.toThrow(
      'was itself trained with guidance, at the scale 2.5, and scales multiply',
    )
    await train(common, { directory })
    const map = await load(directory)
    expect(map.guidance).toMatchObject({ applied: 'baked', scale: 2.5 })
    await map.close()
  })

  test('is what the keys under guidance say, where they say something', () => {
    expect(imported(undefined, { baked: 2 }).baked).toBe(2)
    expect(imported({ baked: 2 }, { baked: 2 }).baked).toBe(2)
    expect(imported('none').baked).toBe(null)
    expect(imported({ baked: 1.5 }).baked).toBe(1.5)
  })

  test.each<[GuidanceApplied, object, string]>([
    [{ baked: 2.5 }, { baked: 2 }, 'found baked:2.5, but the keys under guidance say baked:2; remove'],
    ['none', { baked: 2 }, 'found none, but the keys under guidance say baked:2; remove one of the two'],
    ['none', { rule: 'linear', scale: 3 }, 'found none, but the keys under guidance say baked:3; remove'],
    ['input', {}, 'input: the weights have no input for a scale; expected none or baked:W'],
  ])('%j with the keys %j is refused', (applied, guidance, message) => {
    expect(() => imported(applied, guidance)).toThrow(`guidanceApplied: ${message}`)
  })

  test.each(['baked', 'baked:', 'baked:0', 'baked:x', '2'])('%s is no answer', async how => {
    const { code, stderr } = await importTo('wrong', told, '--guidance-applied', how)
    expect(code).toBe(2)
    expect(stderr).toContain(
      `--guidance-applied: expected none, input or baked:W with a scale W above 0, e.g. baked:2.5; found "${how}"`,
    )
  })

  test('is known of weights of this package', async () => {
    const run = join(folder, 'known')
    expect(await importTo('known', told, '--guidance-applied', 'baked:2.5')).toMatchObject({ code: 0 })
    const again = (...flags: string[]) =>
      runHere([
        ...[
          'import',
          join(run, 'model.safetensors'),
          '--convention',
          'oxbow',
          '--out',
          join(folder, 'again'),
        ],
        ...flags,
      ])
    const { code, stderr } = await again('--guidance-applied', 'none')
    expect(code).toBe(2)
    expect(stderr).toContain('guidanceApplied: is for weights of other programs')
    expect(await again()).toMatchObject({ code: 0 })
    const map = await load(join(folder, 'again'))
    expect(map.guidance).toMatchObject({ applied: 'baked', scale: 2.5 })
    await map.close()
  })
})
