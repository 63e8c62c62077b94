import { describe, expect, test } from 'vitest'
import { parseKeys } from '../../src/cli/keys.ts'
import { merge, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { evaluateCommand, trainCommand } from '../../src/report/command.ts'

/** The words of a command as a shell splits them. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|\\'/g, (_, inner) => inner ?? "'"),
  )

/** The configuration that `oxbow train` makes of its options. */
function configOf(command: string) {
  const words = wordsOf(command).slice(2)
  const texts = ['--data', '--objective', '--teacher', '--init-from']
  const long: Record<string, string> = { '--lr': '--optimizer.learningRate', '--init-from': '--initFrom' }
  const user = words.reduce<Record<string, unknown>>((found, word, i) => {
    if (i % 2 === 1 || word === '--out') return found
    const value = words[i + 1]
    const key = long[word] ?? word
    return merge(found, texts.includes(word) ? { [key.slice(2)]: value } : parseKeys([key, value]))
  }, {})
  return resolveConfig(user)
}

const configs: Record<string, UserConfig> = {
  'all defaults': {},
  'a file and a rate': { data: "/tmp/my data/it's.csv", optimizer: { learningRate: 3e-4 }, steps: 10 },
  'a mixture': { data: { mixture: { components: [{ mean: [1, 2], std: 0.5, weight: 2 }] } } },
  'options of the objective': { objective: 'alphaflow', options: { alpha: 0.25 } },
  'a schedule': { objective: 'psd', times: { gap: { kind: 'linear', from: 0.1, to: 1 } } },
  'nothing in the place of a block': { objective: 'meanflow', loss: { adaptive: null } },
  'a block in the place of nothing': { objective: 'lsd', loss: { adaptive: { p: 0.5, c: 0.01 } } },
  'a teacher': { objective: 'lmd', teacher: 'exact', network: { hidden: 32, activation: 'tanh' } },
  'seeds apart': { seeds: { data: 1, noise: 2, initialization: 3 } },
  'an adapter': { objective: 'lsd', initFrom: 'runs/v', adapter: { rank: 4, targets: ['hidden'] } },
  'an adapter with the rate of a whole network': {
    ...{ objective: 'lsd', initFrom: 'runs/v', adapter: { rank: 8 } },
    optimizer: { learningRate: 1e-3 },
  },
  'one seed': { seed: 7, log: { tensorboard: true } },
}

describe('trainCommand', () => {
  test.each(Object.entries(configs))('names %s so that it gives the same configuration', (_, user) => {
    const config = resolveConfig(user)
    const command = trainCommand(config, 'runs/a b')
    expect(command).toMatch(/^oxbow train .*--out 'runs\/a b'$/)
    expect(configOf(command)).toEqual(config)
  })

  test('leaves out what the objective says already', () => {
    expect(trainCommand(resolveConfig({ objective: 'meanflow', steps: 10 }), 'runs/x')).toBe(
      'oxbow train --data ring --objective meanflow --steps 10 --seed 0 --out runs/x',
    )
  })
})

test('evaluateCommand names what was asked for', () => {
  const request = { steps: [1, 4], count: 500, seed: 2, method: 'auto', weights: ['ema', 'raw'] } as const
  expect(evaluateCommand(request, 'runs/x')).toBe('oxbow evaluate runs/x --steps 1,4 --count 500 --seed 2')
  expect(evaluateCommand({ ...request, grids: [[1, 0.4, 0]], method: 'heun', weights: ['raw'] }, 'a b')).toBe(
    "oxbow evaluate 'a b' --grid 1,0.4,0 --count 500 --seed 2 --method heun --weights raw",
  )
  const guidance = { scale: 2, interval: [0.2, 0.8], onJumps: true } as const
  expect(evaluateCommand({ ...request, guidance }, 'x')).toMatch(
    / --guidance 2 --guidance-interval 0.2,0.8 --guidance-on-jumps$/,
  )
  expect(evaluateCommand({ ...request, without: true }, 'x', 'class')).toMatch(/ --class none$/)
})
