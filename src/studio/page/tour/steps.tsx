import type { ComponentChildren } from 'preact'
import type { StudioState } from '../../state.ts'
import { Formula } from '../parts/formula.tsx'

/** One step of the tour: what it says, and what the page shows meanwhile. */
export interface TourStep {
  readonly title: string
  readonly text: ComponentChildren
  /** What to do now. */
  readonly invitation: string
  readonly shows: Pick<StudioState, 'view'> & Partial<StudioState>
  /** The section of the view that it speaks of, where that is not the first. */
  readonly section?: string
  /** Whether a training that plays is part of it. */
  readonly trains?: boolean
}

/** Formulas: Boffi, Albergo & Vanden-Eijnden 2025, arXiv:2505.18825, with time 1 for noise and 0 for data. */
export const tourSteps: readonly TourStep[] = [
  {
    title: 'The path',
    text: (
      <>
        <p>
          Take a point of the data and a point of noise, and draw the line between them: 40 such pairs are
          joined here. At time 1 there is only noise, at time 0 only data.
        </p>
        <Formula tex="x_t = (1-t)\,x_0 + t\,\varepsilon" block />
        <p>All such lines together make a cloud that turns from noise into data as t falls from 1 to 0.</p>
      </>
    ),
    invitation:
      'Move s, here the time, from 1 down to 0: points slide along their lines, and noise turns into data.',
    shows: { view: 'jump', jump: { s: 1, t: 0, point: null, source: 'pairs' } },
  },
  {
    title: 'The tangent',
    text: (
      <>
        <p>
          Many lines cross at one place, each with its own direction. Their mean is the velocity there: a
          network trained by squared error on random pairs learns exactly this mean.
        </p>
        <Formula
          tex="v(x,t) = \mathbb{E}\,[\,\dot x_t \mid x_t = x\,],\quad \dot x_t = \varepsilon - x_0"
          block
        />
        <p>Points that follow it from time 1 down to 0 go along −v: from noise to data, as the arrows do.</p>
      </>
    ),
    invitation:
      'Move t near 1: all arrows lead to the middle, the mean of the data. Near 0 each mode has arrows of its own.',
    shows: { view: 'why', jump: { s: 0.5, t: 0.5, point: null } },
  },
  {
    title: 'The integral',
    text: (
      <>
        <p>
          Following the velocity takes many small steps. A flow map is the result of all of them at once: one
          jump from time s to time t.
        </p>
        <div>
          <Formula tex="F(x,s,t) = x + \int_s^t v(x_r, r)\,dr" block />
          <Formula tex="F(x,s,t) = x + (t-s)\,V(x,s,t)" block />
        </div>
        <p>V is the mean velocity along the way. As t approaches s, V becomes the velocity itself.</p>
      </>
    ),
    invitation:
      'Follow one point: its jump is the straight line, its exact path the curve. Do they end together?',
    shows: { view: 'jump', jump: { s: 1, t: 0, point: 12 } },
  },
  {
    title: 'Three consistencies',
    text: (
      <>
        <p>
          A map is a flow map if two jumps in a row land where one does, if its end moves with the velocity,
          and if a later start on the same path ends at the same place.
        </p>
        <div>
          <Formula tex="F(F(x,s,m),m,t) = F(x,s,t)" block />
          <Formula tex="\partial_t F(x,s,t) = v(F(x,s,t),t)" block />
          <Formula tex="\partial_s F(x,s,t) + \partial_x F(x,s,t)\,v(x,s) = 0" block />
        </div>
        <p>
          Each can be trained on without any integral. They are called semigroup, Lagrangian and Eulerian.
        </p>
      </>
    ),
    invitation: 'Look at the three maps over s and t: the darker a cell, the better the rule holds there.',
    section: 'residuals',
    shows: { view: 'why', jump: { s: 1, t: 0, point: null } },
  },
  {
    title: 'Training',
    text: (
      <>
        <p>
          One term learns the velocity from data, where t = s. The other carries it to longer jumps by one of
          the rules: here the Lagrangian one, with a low weight λ; sg stops the gradient.
        </p>
        <Formula
          tex="\| V(x_s,s,s) - \dot x_s \|^2 + \lambda\, \| \partial_t F(x_s,s,t) - \mathrm{sg}[V(F,t,t)] \|^2"
          block
        />
        <p>It needs no teacher. The distance falls towards the floor.</p>
      </>
    ),
    invitation: 'Press “Train it yourself” and watch the points settle. It pauses when you go on.',
    shows: { view: 'train' },
    trains: true,
  },
  {
    title: 'Few steps',
    text: (
      <>
        <p>To draw a sample, take noise and jump: once, or by way of a few times between.</p>
        <Formula
          tex="x_0 = F(\varepsilon,1,0)\quad\text{or}\quad x_0 = F(F(\varepsilon,1,\tfrac12),\tfrac12,0)"
          block
        />
        <p>
          One Euler step lands every point near the mean of the data; only many small steps reach the modes.
          The floor is the distance of fresh data to data: below it, differences are luck.
        </p>
      </>
    ),
    invitation:
      'Compare the first column of the two rows: the same noise, one evaluation of the network each.',
    shows: { view: 'steps' },
  },
  {
    title: 'When it fails',
    text: (
      <>
        <p>
          Where paths part, neighbours must land far from each other. One jump is steep there, a small network
          rounds it off, and points are left between the modes.
        </p>
        <p>
          Long jumps learn from short ones, so their errors come last and are largest. An error in the
          velocity stays, however well the rules hold: they only say that the map fits itself.
        </p>
        <p>Too high a learning rate breaks any training: set it to 10 in Train and see.</p>
      </>
    ),
    invitation:
      'Find where the error is largest. Then train on, or add a run with another objective and compare.',
    section: 'residuals',
    shows: { view: 'why', jump: { s: 1, t: 0, point: null } },
  },
]
