import { askedReward } from '../../../src/cli/reward-file.ts'
import { rewardMisfit, rewardOf } from '../../../src/objective/reward.ts'
import { parseReward } from '../../../src/serialization/point-reward.ts'
import { json } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { asJson } from '../trained.ts'

const rewards = [
  { kind: 'gaussian', center: [4, 0], scale: 2.5 },
  { kind: 'observation', operator: { kind: 'mask', known: [0] }, y: [1], sd: 0.1 },
  { kind: 'onnx', path: 'x.onnx', class: 1 },
  { kind: 'linear', weights: [1, 2] },
  { kind: 'sum', of: [{ kind: 'gaussian', center: [0, 0], scale: 1 }] },
]

export const target: Target = {
  form: json,
  words: [
    'gaussian',
    'observation',
    'mask',
    'blur',
    'linear',
    'quadratic',
    'onnx',
    'painted',
    'class',
    'center',
    'scale',
  ],
  errors: ['ConfigError', 'UsageError'],
  share: 30_000,
  async open() {
    return {
      corpus: rewards.map(asJson),
      read(input) {
        // A block in braces, as on a command line.
        const text = new TextDecoder().decode(input)
        if (!/^\s*\{/.test(text)) return
        const reward = parseReward(askedReward({ reward: text }).block, '--reward')
        if (reward.kind !== 'onnx' && !rewardMisfit(reward, [2])) rewardOf(reward)
      },
    }
  },
}
