import { expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { glyphs } from '../../src/data/glyphs.ts'
import { proposals } from '../../src/training/proposals.ts'

const of = (asked: UserConfig, size = 16) => proposals(asked, resolveConfig(asked), glyphs({ size }))

test('of pictures the transformer and the classes are proposed, until the user chooses', () => {
  expect(of({})).toEqual([
    'glyphs: pictures of 16 x 16; a transformer suits them better than a perceptron, and a map can be told their 10 classes: --network dit --condition class (docs/images.md)',
  ])
  const dit = { kind: 'dit' }
  expect(of({ network: dit })).toEqual([
    'glyphs: pictures of 16 x 16; a map can be told their 10 classes: --condition class (docs/images.md)',
  ])
  expect(of({ network: dit, condition: { kind: 'class' } })).toEqual([])
  expect(of({ network: { kind: 'mlp' }, condition: { kind: 'none' } })).toEqual([])
})

test('with a patch that fits, where one does', () => {
  expect(of({ condition: { kind: 'class' } }, 10)[0]).toContain(
    'perceptron: --network dit --network.patch 5 (',
  )
  expect(of({ condition: { kind: 'class' } }, 11)).toEqual([])
})

test('nothing is proposed of points', () => {
  expect(proposals({}, resolveConfig({}), generatedDataset('two-moons'))).toEqual([])
})
