import { type Plan, stepsOf } from './plan.ts'

/**
 * Multiplications that the page is trusted with unasked: those of about 2,500 steps of the first plan's network and batch,
 * some seconds of training in a page.
 */
const UNASKED = 1.2e10

/** Multiplications of one pass of a batch through a network of two coordinates and two times. */
const passOf = ({ batch, hidden, layers }: Plan): number =>
  batch * (hidden * (4 + 2) + hidden * hidden * (layers - 1))

/** Whether taking the steps of plans again takes so long that a person is asked before. */
export const isLong = (plans: readonly Plan[]): boolean =>
  plans.reduce((total, plan) => total + stepsOf(plan) * passOf(plan), 0) > UNASKED
