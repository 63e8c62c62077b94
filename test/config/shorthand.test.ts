import { expect, test } from 'vitest'
import { parseKeys } from '../../src/cli/keys.ts'
import { merge, resolveConfig } from '../../src/config/index.ts'

test.each([
  [['--condition', 'class', '--condition.drop', '0.3']],
  [['--condition.drop', '0.3', '--condition', 'class']],
])('a text that stands for a block joins its keys: %j', given => {
  const condition = { kind: 'class', drop: 0.3 }
  expect(parseKeys(given)).toEqual({ condition })
  expect(resolveConfig({ objective: 'lsd', ...parseKeys(given) }).condition).toEqual(condition)
})

test('the same over layers, whichever is the text', () => {
  expect(merge({ condition: 'class' }, { condition: { drop: 0 } })).toEqual({
    condition: { kind: 'class', drop: 0 },
  })
  expect(merge({ condition: { drop: 0 } }, { condition: 'class' })).toEqual({
    condition: { kind: 'class', drop: 0 },
  })
})

test.each([[['--network', 'dit', '--network.width', '64']], [['--network.width', '64', '--network', 'dit']]])(
  'the kind of a network stands for its block: %j',
  given => {
    expect(resolveConfig({ objective: 'lsd', ...parseKeys(given) }).network).toMatchObject({
      kind: 'dit',
      width: 64,
    })
    expect(() => resolveConfig({ objective: 'lsd', ...merge({}, { network: 'dat' }) })).toThrow(
      'network.kind: expected one of "mlp"|"dit"|"transformer", found "dat"',
    )
  },
)
