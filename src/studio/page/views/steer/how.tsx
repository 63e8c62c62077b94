import { Formula } from '../../parts/formula.tsx'
import { state } from '../../state/store.ts'

/** What is wanted, in words and as a formula. */
const MEANINGS = {
  bump: [
    'A reward says how good a point is. This one is a bump, 1 at its centre and 0 far away; the rings are one and two widths away, r = 0.61 and 0.14.',
    'r(x) = \\exp(-\\|x-c\\|^2 / 2w^2)',
  ],
  painted: [
    'A reward says how good a point is. This one you paint, from −1 (bad) to 1 (good): each painted cell k adds a small bump. Solid lines around + are r = 0.25, 0.5 and 0.75; dashed lines over hatching, around −, are the same below zero.',
    'r(x) = {\\textstyle\\sum_k}\\, a_k \\exp(-\\|x-c_k\\|^2 / 2w^2)',
  ],
  class: [
    'The reward is how likely the class is at a point, as a logarithm. With β = 1 the exact law is then the data of that class alone (Bayes’ rule). Of the ring the probability is exact; of other data it is that of 400 labelled points, each blurred by 0.2.',
    'r(x) = \\log p(\\text{class} \\mid x)',
  ],
  mask: [
    'One coordinate is masked, the other is known to about ±σ. The reward is how likely a point is by what is known of it, as a logarithm; with β = 1 the exact law is the data, given that (Bayes’ rule). The band is two σ wide to either side. Digits are filled in the same way: the pixels that are seen are known.',
    'r(x) = -(x_{\\text{known}} - y)^2 / 2\\sigma^2',
  ],
} as const

/** What the goal is and why steering leads there, with its formulas. */
export function HowSteered() {
  const [words, formula] = MEANINGS[state.value.reward.kind]
  return (
    <details>
      <summary>How it works</summary>
      <p>{words}</p>
      <Formula tex={formula} block />
      <p>The exact law is the data tilted towards the reward: likely under the data, and high in reward.</p>
      <Formula tex="\tilde p(x) \propto p(x)\, e^{\beta\, r(x)}" block />
      <p>
        A flow map knows at any time where a point will land, so the reward of the end can be estimated on the
        way. That estimate g is the look-ahead; at data it is βr itself.
      </p>
      <Formula tex="g(x, t) = (1-t)\, \beta\, r(F(x,t,0))" block />
      <p>
        A kernel takes samples to the next time. The weight of each grows by the change of its look-ahead, and
        where few samples count they are drawn again by weight.
      </p>
      <Formula tex="\log w \leftarrow \log w + g(x', t) - g(x, s)" block />
      <p>
        The weights come to <Formula tex="e^{\beta r}" /> in the end for every look-ahead, so with many
        samples the result is what this map samples, tilted exactly, and the mean of the weights is{' '}
        <Formula tex="Z = E[e^{\beta r}]" />.
      </p>
      <p class="soft">
        After <a href="https://arxiv.org/abs/2511.22688">Sabour et al. 2025</a> (Flow Map Trajectory Tilting)
        and <a href="https://arxiv.org/abs/2306.17775">Wu et al. 2023</a> (Twisted Diffusion Sampler).
      </p>
    </details>
  )
}
