import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { playersShown } from '../../../players.ts'
import { colourOf } from '../../draw/colours.ts'
import { shortNumber } from '../../draw/number.ts'
import { CELLS, limitOf, MIDDLES, signedPixels, zeroPath } from '../../draw/signed-map.ts'
import { useConfig } from '../../parts/loss-terms.tsx'
import { useAnswer } from '../../state/use-answer.ts'
import './field.css'

/** The player whose numbers are over the stage; null for none. */
export const judge = signal<string | null>(null)
/** The noise level that they are of. */
export const noiseLevel = signal(0.1)

/** What a player says of every place on the stage. */
interface Field {
  readonly player: string
  readonly says: { readonly above: string; readonly below: string }
  readonly r: number
  readonly limit: number
  readonly under: HTMLCanvasElement
  /** Where it is zero. */
  readonly line: string
}

/** A map as a picture of a pixel a cell. */
function signedPicture(...given: Parameters<typeof signedPixels>): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width: CELLS, height: CELLS })
  canvas.getContext('2d')!.putImageData(new ImageData(signedPixels(...given), CELLS, CELLS), 0, 0)
  return canvas
}

/** Asked again while it trains, as all answers are: the training has most of the time. */
export function useField(): Field | null {
  const config = useConfig()
  const r = noiseLevel.value
  const shown = useMemo(
    () => playersShown(config).find(({ name, says }) => says && name === judge.value),
    [config, judge.value],
  )
  const question = shown ? { player: shown.name, points: MIDDLES, r } : null
  const { answer, key } = useAnswer('judged', `${config.objective} ${shown?.name} ${r}`, question)
  const [above, below] = [colourOf('--above'), colourOf('--below')]
  return useMemo(() => {
    if (!shown?.says || !answer || !key?.startsWith(`judged ${config.objective} ${shown.name} `)) return null
    const limit = limitOf(answer)
    return {
      player: shown.name,
      says: shown.says,
      r,
      limit,
      under: signedPicture(answer, limit, above, below),
      line: zeroPath(answer),
    }
  }, [answer, shown, above.join(), below.join()])
}

const levelWords = ({ player, r }: Field): string => `the ${player} at noise level ${r.toFixed(2)}`

/** What is said of it to who does not see it. */
export const fieldWords = (field: Field | null): string =>
  field
    ? `; behind them ${levelWords(field)}: green ${field.says.above}, purple ${field.says.below}, up to ${shortNumber(field.limit)} on either side of 0`
    : ''

/** Where it cannot tell. */
export const ZeroLine = ({ field }: { field: Field | null }) =>
  field && <path class="zero-line" d={field.line} />

/** What its colours mean. */
export function FieldKey({ field }: { field: Field | null }) {
  if (!field) return null
  const { says, limit, line } = field
  return (
    <span class="signed-key">
      <span class="end">{says.below}</span>
      <span class="ramp" aria-hidden="true" />
      <span class="end">{says.above}</span>
      <span class="of">
        {levelWords(field)}; {line ? '0 on the line' : 'nowhere 0'}, colours end at ±{shortNumber(limit)}
      </span>
    </span>
  )
}
