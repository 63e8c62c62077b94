import { useEffect } from 'preact/hooks'
import { Slider } from '../../../parts/slider.tsx'
import { state } from '../../../state/store.ts'
import { drawShipped, model, modelProblem, newSeed, type OpenedModel } from '../../play/digits/model.ts'
import { Choice } from '../../shared.tsx'
import { WantChoice } from '../wants.tsx'
import { change, hasFresh } from './fill-state.ts'
import { Filling } from './filling.tsx'
import { MaskControls, useMask } from './mask.tsx'
import { ClassControls, TowardsClass } from './towards-class.tsx'
import '../results.css'
import './steered-digits.css'

export function SteerDigitsView() {
  useEffect(() => {
    if (!model.value) void drawShipped()
  }, [])
  const now = model.value
  if (now) return <Steering key={now.key} model={now} />
  if (modelProblem.value) return <p class="problem">{modelProblem.value}</p>
  return <p class="loading soft">Loading the digits model</p>
}

function Steering({ model }: { model: OpenedModel }) {
  const { traits } = model
  const { goal, from, steps, particles } = state.value.fill
  const mask = useMask(traits.shape[0])
  const isMask = goal === 'mask' || traits.classes.length === 0
  return (
    <section class="columns" aria-labelledby="fill-heading">
      <div class="panel">
        <h3 id="fill-heading" class="hidden-but-read">
          Steer digits
        </h3>
        <WantChoice />
        {isMask ? (
          <>
            {hasFresh(traits) && (
              <Choice
                name="Digit from"
                options={[
                  ['data', 'Unseen data'],
                  ['sample', 'The map'],
                ]}
                value={from}
                onChange={from => change({ from })}
              />
            )}
            <MaskControls mask={mask} />
          </>
        ) : (
          <ClassControls names={traits.classes} />
        )}
        <div class="buttons">
          <button type="button" onClick={() => change({ seed: newSeed() })}>
            {isMask ? 'Another digit' : 'New noise'}
          </button>
        </div>
        <details class="more">
          <summary>More</summary>
          <Slider
            name="Steps"
            value={steps}
            min={2}
            max={32}
            step={1}
            onChange={steps => change({ steps })}
          />
          <Slider
            name="Particles per sample"
            value={particles}
            min={2}
            max={128}
            step={2}
            onChange={particles => change({ particles })}
          />
          <p class="soft">More of either gives better samples, but takes proportionally longer.</p>
        </details>
        <p class="soft">
          {isMask
            ? 'Paint on the digit to hide some of it. The unconditional map moves particles from noise to data; those that agree with the visible part are copied, and one of them is drawn. Each sample has its own particles.'
            : 'The unconditional map moves particles from noise to data; those that look like the class are copied, and one of them is drawn. Each sample has its own particles.'}
        </p>
      </div>
      {isMask ? <Filling model={model} mask={mask} /> : <TowardsClass model={model} />}
    </section>
  )
}
