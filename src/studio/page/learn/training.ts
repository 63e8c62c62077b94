import type { Report } from '../../engine/protocol.ts'
import { freshPlan, stepsOf } from '../../plan.ts'
import { type Client, startWorker } from '../connection/client.ts'
import { splitCloud } from '../draw/apart.ts'
import { landing } from '../draw/landing.ts'
import { greyCloud, ownCloud, strayColour } from './drawn.ts'
import type { MakeFigure } from './figure.ts'
import { data } from './world.ts'

const RUN = 'article'
type Progress = Extract<Report, { type: 'progress' }>

/** A network that begins with drawn weights, and trains in this page while the figure is on the stage. */
export const trainingFigure: MakeFigure = changed => {
  let client: Client | null = null
  let playing = false
  let last: Progress | null = null
  let strays: Progress['strays'] = null
  let refusal = ''
  const hear = (report: Report): void => {
    if (report.type === 'refused') refusal = report.message
    if (report.type === 'progress') {
      last = report
      strays = report.strays ?? strays
    }
    changed()
  }
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'main' })
  const play = (value: boolean): void => {
    playing = value
    button.textContent = playing ? 'Pause' : last ? 'Keep training' : 'Train it'
    if (!client && playing) {
      client = startWorker(hear)
      client.send({ type: 'open', run: RUN, plan: freshPlan })
    }
    client?.send({ type: playing ? 'play' : 'pause', run: RUN })
  }
  play(false)
  button.addEventListener('click', () => play(!playing))
  return {
    controls: [button],
    leave: () => playing && play(false),
    picture() {
      const words = refusal
        ? refusal
        : !last
          ? 'A network with random weights: press “Train it”, and watch where one jump takes the noise.'
          : `After ${stepsOf(last.plan).toLocaleString('en')} steps${strays ? `, ${landing(strays.value)} points land on the data in one jump` : ''}.`
      return {
        clouds: [
          greyCloud(data),
          ...(last ? splitCloud(ownCloud(last.samples), last.strays?.marks, strayColour()) : []),
        ],
        words,
      }
    },
  }
}
