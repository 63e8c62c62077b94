import { Formula } from '../../parts/formula.tsx'
import { state } from '../../state/store.ts'

/** What is wanted, in words and as a formula. */
const MEANINGS = {
  bump: [
    'A reward says how good a point is. This one is a bump, 1 at its centre and 0 far away; the rings are one and two widths away, r = 0.61 and 0.14.',
    'r(x) = \\exp(-\\|x-c\\|^2 / 2w^2)',
  ],
  painted: [
    'A reward says how good a point is. You paint this one, from −1 (bad) to 1 (good): each painted cell k adds a small bump. Solid lines around + are r = 0.25, 0.5 and 0.75; dashed lines over hatching, around −, are the same below zero.',
    'r(x) = {\\textstyle\\sum_k}\\, a_k \\exp(-\\|x-c_k\\|^2 / 2w^2)',
  ],
  class: [
    'The reward is the log-probability of the class at a point. With β = 1, the exact law is then the data of that class alone (Bayes’ rule). For the ring, the probability is exact; for other data, it is estimated from 400 labelled points, each blurred by 0.2.',
    'r(x) = \\log p(\\text{class} \\mid x)',
  ],
  mask: [
    'One coordinate is masked, the other is known to about ±σ. The reward is the log-likelihood of what is known; with β = 1, the exact law is the data given this (Bayes’ rule). The band extends two σ to either side. Digits are filled in the same way: the visible pixels are known.',
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
        A flow map knows at any time where a point will land, so the final reward can be estimated on the way.
        This estimate g is the look-ahead; at data, it is βr itself.
      </p>
      <Formula tex="g(x, t) = (1-t)\, \beta\, r(F(x,t,0))" block />
      <p>
        A kernel moves samples to the next time. The log weight of each grows by the change of its look-ahead,
        and if only few samples carry weight, they are resampled by weight.
      </p>
      <Formula tex="\log w \leftarrow \log w + g(x', t) - g(x, s)" block />
      <p>
        With any look-ahead, the weights end up as <Formula tex="e^{\beta r}" />, so with many samples the
        result is this map’s own distribution, tilted exactly, and the mean of the weights is{' '}
        <Formula tex="Z = E[e^{\beta r}]" />.
      </p>
      <p class="soft">
        After <a href="https://arxiv.org/abs/2511.22688">Sabour et al. 2025</a> (Flow Map Trajectory Tilting)
        and <a href="https://arxiv.org/abs/2306.17775">Wu et al. 2023</a> (Twisted Diffusion Sampler).
      </p>
    </details>
  )
}
