import { describe, expect, test } from 'vitest'
import { guidanceRecord } from '../../src/config/guidance.ts'
import { ConfigError, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { remarksOn } from '../../src/config/validate.ts'
import { objectives } from '../../src/objective/index.ts'

const told = { condition: { kind: 'class' }, objective: 'flow-matching' } as const satisfies UserConfig
type Keys = NonNullable<UserConfig['guidance']>
/** A run with classes under some keys of guidance. */
const run = (guidance: Keys, rest: UserConfig = {}): UserConfig => ({ ...told, ...rest, guidance })

describe('defaults of a rule', () => {
  test.each<[Keys, Keys, string]>([
    [{ rule: 'mix' }, { omega: 1, kappa: 0.5, law: 'fixed' }, 'none'],
    [{ rule: 'model' }, { omega: 0.5, law: 'fixed' }, 'none'],
    [{ rule: 'linear' }, { scale: 2, law: 'fixed' }, 'none'],
    [{ rule: 'linear', law: 'inverse-uniform' }, { range: [1, 8] }, 'inverse'],
    [{ rule: 'random' }, { law: 'log-uniform', range: [1, 8] }, 'complement'],
    [{ rule: 'random', law: 'fixed' }, { scale: 2, law: 'fixed' }, 'none'],
  ])('%j', (given, expected, scale) => {
    const { guidance, network } = resolveConfig(run(given))
    expect(guidance).toMatchObject(expected)
    expect(network.scale).toBe(scale)
  })

  test('gft is the rule of its objective, and shows its network the inverse scale', () => {
    const { guidance, network } = resolveConfig({ objective: 'gft', condition: { kind: 'class' } })
    expect(guidance).toMatchObject({ rule: 'gft', law: 'inverse-uniform' })
    expect(network.scale).toBe('inverse')
  })

  test('of a teacher that is guided at drawn scales', () => {
    const { network } = resolveConfig(run({ rule: 'teacher', law: 'uniform' }, { teacher: 'exact' }))
    expect(network.scale).toBe('complement')
  })

  test('leave what the user says, and say nothing where there is no rule', () => {
    const { guidance, network } = resolveConfig(
      run({ rule: 'random', law: 'uniform', range: [1, 3] }, { network: { scale: 'inverse' } }),
    )
    expect(guidance).toMatchObject({ law: 'uniform', range: [1, 3] })
    expect(network.scale).toBe('inverse')
    expect(resolveConfig(told).guidance.rule).toBe('none')
    expect(resolveConfig(told).network.scale).toBe('none')
  })

  test.each([
    ['meanflow', 'student'],
    ['imf', 'student'],
    ['dmf', 'student'],
    ['flow-matching', 'ema'],
    ['tvm', 'ema'],
  ])('%s takes the parameters of its paper: %s', (objective, target) => {
    expect(resolveConfig(run({ rule: 'linear' }, { objective })).target).toBe(target)
    expect(resolveConfig({ ...told, objective }).target).toBe('ema')
    expect(resolveConfig(run({ rule: 'linear' }, { objective, target: 'ema' })).target).toBe('ema')
  })

  test('of a transformer', () => {
    const { network } = resolveConfig(run({ rule: 'random' }, { network: { kind: 'dit' } }))
    expect(network.scale).toBe('complement')
  })

  test('a transformer is told drawn intervals', () => {
    const { network } = resolveConfig(
      run({ rule: 'random', interval: 'drawn' }, { network: { kind: 'dit' } }),
    )
    expect(network).toMatchObject({ scale: 'complement', interval: true })
  })

  test('a resolved configuration resolves to itself', () => {
    for (const guidance of [
      { rule: 'mix' },
      { rule: 'model' },
      { rule: 'random' },
      { rule: 'linear' },
    ] as const) {
      const config = resolveConfig(run(guidance))
      expect(resolveConfig(config)).toEqual(config)
    }
  })
})

describe('what makes no sense is refused with the key, the reason and what to do', () => {
  const exact = { teacher: 'exact' } as const
  test.each<[UserConfig, RegExp]>([
    [
      { objective: 'flow-matching', guidance: { rule: 'linear' } },
      /^guidance\.rule: linear guides towards a condition, .* train with --condition class, or use none$/,
    ],
    [
      { objective: 'gft' },
      /^guidance\.rule: gft guides towards a condition, .*; train with --condition class/,
    ],
    [
      run({ rule: 'mix' }, { condition: { kind: 'class', drop: 0 } }),
      /^guidance\.rule: mix takes the map's own velocity without its class, which condition\.drop 0 never trains; use a drop such as 0\.1$/,
    ],
    [
      run({ rule: 'mix', kappa: 1 }),
      /^guidance\.kappa: the scale of mix is omega\/\(1 - kappa\), so kappa must be below 1, found 1$/,
    ],
    [
      run({ rule: 'model', omega: 1.2 }),
      /^guidance\.omega: the scale of model is 1\/\(1 - omega\), so omega must be below 1, found 1\.2$/,
    ],
    [
      run({ rule: 'mix', law: 'uniform' }),
      /^guidance\.law: the scale of mix is that of omega and kappa, and none is drawn; use fixed, found uniform$/,
    ],
    [
      run({ law: 'uniform' }),
      /^guidance\.law: scales are drawn for a rule of guidance, and there is none; use fixed/,
    ],
    [
      run({ rule: 'random' }, { network: { scale: 'none' } }),
      /^guidance\.law: with log-uniform scales, the network must take the scale as an input; use network\.scale inverse, or the law fixed$/,
    ],
    [
      run({ rule: 'mix' }, { objective: 'lmd', ...exact }),
      /^guidance\.rule: lmd learns from a teacher's velocity, which mix does not guide; use teacher or auto$/,
    ],
    [
      run({ rule: 'teacher' }, { objective: 'pfmm', teacher: 'runs/map' }),
      /^guidance\.rule: pfmm learns from the jumps of a trained map, and guided jumps are not the jumps of a guided flow; guide the training of that map, and use none here$/,
    ],
    [
      run({ rule: 'auto' }, exact),
      /^guidance\.weak: auto leads away from a weaker model; name a run, such as an early checkpoint or a smaller network$/,
    ],
    [
      run({ rule: 'teacher', weak: 'runs/weak' }, exact),
      /^guidance\.weak: only auto takes a weaker model, found teacher$/,
    ],
    [run({ rule: 'teacher' }), /^teacher: flow-matching needs a teacher; train one/],
    [run({ rule: 'gft' }), /^guidance\.rule: gft is the loss of --objective gft, found flow-matching$/],
    [run({ rule: 'linear' }, { objective: 'gft' }), /^guidance\.rule: gft is made with gft, found linear$/],
    [
      run({ rule: 'mix' }, { objective: 'psd', ...exact, coupling: { kind: 'reflow' } }),
      /^guidance\.rule: with coupling\.kind reflow trajectories of a teacher are solved before the training, which mix does not guide; use teacher or auto$/,
    ],
    [
      run({ rule: 'teacher', law: 'uniform' }, { objective: 'cmt', ...exact }),
      /^guidance\.law: with coupling\.kind trajectory trajectories are solved before the training, at one scale; use fixed$/,
    ],
    [
      run({ rule: 'mix', baked: 3 }),
      /^guidance\.baked: what this run learns from has the scale 3 already, and mix would multiply it; use none$/,
    ],
    // Keys that would say nothing.
    [run({ scale: 3 }), /^guidance\.scale: is not used without a rule; set guidance\.rule, e\.g\. mix$/],
    [run({ interval: [0, 0.5] }), /^guidance\.interval: is not used without a rule/],
    [
      run({ rule: 'mix', scale: 3 }),
      /^guidance\.scale: mix comes to omega\/\(1 - kappa\); set these instead$/,
    ],
    [
      run({ rule: 'model', scale: 3 }),
      /^guidance\.scale: model comes to 1\/\(1 - omega\); set guidance\.omega instead$/,
    ],
    [
      run({ rule: 'random', scale: 3 }),
      /^guidance\.scale: scales are drawn by the law log-uniform, from guidance\.range; set that$/,
    ],
    [
      run({ rule: 'linear', range: [1, 4] }),
      /^guidance\.range: no scales are drawn; set guidance\.law, e\.g\. log-uniform$/,
    ],
    [
      run({ rule: 'linear', omega: 0.5 }),
      /^guidance\.omega: linear has no omega; those that have: mix and model$/,
    ],
    [run({ rule: 'model', kappa: 0.2 }), /^guidance\.kappa: model has no kappa; those that have: mix$/],
    // Values.
    [run({ rule: 'linear', scale: 0 }), /^guidance\.scale: /],
    [run({ rule: 'random', range: [3, 2] }), /^guidance\.range: expected two scales in rising order/],
    [
      run({ rule: 'random', interval: 'drawn' }),
      /^guidance\.interval: with drawn intervals, the network must take the interval and the scale as inputs; use a network of kind dit,/,
    ],
    [
      run({ rule: 'linear', interval: 'drawn' }, { network: { kind: 'dit' } }),
      /^guidance\.interval: .* use guidance\.law log-uniform, or an interval/,
    ],
    [
      run({ rule: 'random' }, { network: { kind: 'dit', interval: true } }),
      /^network\.interval: the network takes guidance intervals as an input, but none are drawn/,
    ],
    [
      run({ rule: 'linear', interval: [0.7, 0.2] }),
      /^guidance\.interval: expected two times in rising order/,
    ],
    [
      { ...told, guidance: { rule: 'cfg' as never } },
      /^guidance\.rule: expected one of "none"\|"teacher"\|.*, found "cfg"$/,
    ],
    [{ ...told, guidance: { strength: 2 } as never }, /^unknown key guidance\.strength/],
    // Times.
    [
      { objective: 'psd', times: { gapMean: 0 } },
      /^times\.gapMean: only the laws gap-first and gap-uniform draw a gap, found triangle$/,
    ],
    [
      { objective: 'psd', times: { means: [1, 0] } },
      /^times\.means: only the law sorted-pair has two means, found triangle$/,
    ],
  ])('%j', (config, message) => {
    expect(() => resolveConfig(config)).toThrow(ConfigError)
    expect(() => resolveConfig(config)).toThrow(message)
  })

  test('and what makes sense is not', () => {
    const fine: UserConfig[] = [
      run({ rule: 'teacher', scale: 3, interval: [0.2, 0.8] }, { objective: 'cmt', ...exact }),
      run({ rule: 'auto', weak: 'runs/weak' }, { objective: 'ayf-emd', ...exact }),
      run({ rule: 'linear' }, { objective: 'tvm' }),
      run({ rule: 'random' }, { objective: 'imf' }),
      run({ rule: 'model', omega: 0.6 }, { objective: 'dmf' }),
      run({ rule: 'teacher' }, { objective: 'psd', ...exact, condition: { kind: 'class', drop: 0 } }),
    ]
    for (const config of fine) expect(() => resolveConfig(config), JSON.stringify(config)).not.toThrow()
  })
})

describe('what a run records', () => {
  const recordOf = (user: UserConfig) => guidanceRecord(resolveConfig(user))
  const nothing = { rule: 'none', applied: 'none', scale: null, range: null, interval: null, input: null }

  test.each<[string, UserConfig, object]>([
    ['nothing', { objective: 'psd' }, { ...nothing, null: false }],
    ['of classes', told, { ...nothing, null: true }],
    [
      'of classes without a null',
      { ...told, condition: { kind: 'class', drop: 0 } },
      { ...nothing, null: false },
    ],
    [
      'of a scale that is fixed',
      run({ rule: 'linear', scale: 3, interval: [0.1, 0.9] }),
      { ...nothing, rule: 'linear', applied: 'baked', scale: 3, interval: [0.1, 0.9], null: true },
    ],
    [
      'of a rule with a scale of its own',
      run({ rule: 'mix', omega: 0.2, kappa: 0.92 }),
      { ...nothing, rule: 'mix', applied: 'baked', scale: 2.5, null: true },
    ],
    [
      'of drawn scales',
      run({ rule: 'random' }),
      { ...nothing, rule: 'random', applied: 'input', range: [1, 8], input: 'complement', null: true },
    ],
    [
      'of gft',
      { objective: 'gft', condition: { kind: 'class' } },
      { ...nothing, rule: 'gft', applied: 'input', range: [1, 8], input: 'inverse', null: true },
    ],
    [
      'of what a teacher was guided at',
      run({ baked: 4 }),
      { ...nothing, applied: 'baked', scale: 4, null: true },
    ],
  ])('%s', (_, user, expected) => {
    const { scale, ...record } = recordOf(user)
    const { scale: known, ...rest } = expected as { scale: number | null }
    expect(record).toEqual(rest)
    if (known === null) expect(scale).toBeNull()
    else expect(scale).toBeCloseTo(known, 12)
  })
})

describe('loss over w^2 belongs to an output that is multiplied by w', () => {
  const remarks = (user: UserConfig) => {
    const config = resolveConfig(user)
    return remarksOn(config, objectives.get(config.objective)!)
  }
  const dit = (outputScale: boolean): UserConfig => ({
    objective: 'tvm',
    network: { kind: 'dit', scale: 'inverse', outputScale },
  })
  const linear = (divide: boolean): Keys => ({ rule: 'linear', law: 'inverse-uniform', divide })

  test('one without the other is remarked on', () => {
    expect(remarks(run(linear(true), dit(true)))).toEqual([])
    expect(remarks(run(linear(false), dit(false)))).toEqual([])
    expect(remarks(run(linear(true), dit(false)))).toEqual([
      expect.stringMatching(/^guidance\.divide: .* network\.outputScale true/),
    ])
    expect(remarks(run(linear(false), dit(true)))).toEqual([
      expect.stringMatching(/^network\.outputScale: .* guidance\.divide true/),
    ])
  })
})

describe('guidance of text in training', () => {
  const text = { ...told, data: 'sums', objective: 'cross-entropy' } as const
  const simplex =
    (guidance: Keys, rest: UserConfig = {}) =>
    () =>
      resolveConfig(run(guidance, { ...text, ...rest }))

  test.each<[Keys, object, UserConfig]>([
    [{ rule: 'linear', scale: 3 }, { applied: 'baked', scale: 3 }, {}],
    [{ rule: 'linear', law: 'log-uniform' }, { applied: 'input' }, {}],
    [{ rule: 'mix', omega: 0.8, kappa: 0.6 }, { applied: 'baked', scale: 2 }, {}],
    [{ rule: 'teacher', scale: 3 }, { applied: 'baked', scale: 3 }, { teacher: 'runs/words' }],
    [{ rule: 'auto', scale: 3, weak: 'runs/weak' }, { applied: 'baked' }, { teacher: 'runs/words' }],
  ])('is by logits, with %j', (guidance, record, rest) => {
    const found = guidanceRecord(simplex({ ...guidance, form: 'logit' }, rest)())
    expect(found).toMatchObject({ ...record, form: 'logit' })
    expect(simplex(guidance, rest)).toThrow(
      /^guidance.form: for text, a guided velocity does not give probabilities/,
    )
  })

  test('by a teacher it acts wherever the velocity of that is asked for', () => {
    const guidance: Keys = { rule: 'teacher', form: 'logit' }
    const rest = { objective: 'fmlm-residual', teacher: 'runs/words' }
    expect(simplex(guidance, rest)).not.toThrow()
  })

  test('is by logits, with the rule model or random', () => {
    expect(guidanceRecord(simplex({ rule: 'model', form: 'logit' })())).toMatchObject({
      applied: 'baked',
      scale: 2,
      form: 'logit',
    })
    expect(
      guidanceRecord(simplex({ rule: 'random', form: 'logit' }, { objective: 'psd-simplex' })()),
    ).toMatchObject({ applied: 'input', form: 'logit' })
    expect(guidanceRecord(resolveConfig(run({ rule: 'model' })))).not.toHaveProperty('form')
  })

  test.each<[string, () => unknown, RegExp]>([
    ['by velocities', simplex({ rule: 'model' }), /^guidance.form: for text, a guided velocity/],
    [
      'by a loss of velocities',
      simplex({ rule: 'gft', form: 'logit' }, { objective: 'gft', network: { parameterization: 'simplex' } }),
      /^guidance.rule: gft is a loss of velocities; .* use linear/,
    ],
    [
      'without cross-entropy',
      simplex({ rule: 'model', form: 'logit' }, { objective: 'psd-velocity-simplex' }),
      /^guidance.rule: with the form logit model acts in cross-entropy, and psd-velocity-simplex/,
    ],
    [
      'of points',
      () => resolveConfig(run({ rule: 'model', form: 'logit' })),
      /^guidance.form: logit guides the logits of text/,
    ],
    ['without a rule', simplex({ form: 'logit' }), /^guidance.form: is not used without a rule/],
  ])('is refused %s', (_, make, why) => {
    expect(make).toThrow(why)
  })
})
