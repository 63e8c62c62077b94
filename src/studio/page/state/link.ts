import { stepsOf } from '../../plan.ts'
import { encodeState } from '../../state.ts'
import { wholePlan } from './run.ts'
import { runs, shared } from './store.ts'

/** The address of what the page shows. */
export const linkOf = (): string => new URL(`#${encodeState(shared.value)}`, location.href.split('#')[0]).href

/** What is said of a link where somebody's training has to run again before it shows the same. */
export const rerunWords = (): string =>
  runs.value.some(run => stepsOf(wholePlan(run)) > 0)
    ? ', after training has rerun on their machine; the one-file page under Export needs no training'
    : ''
