import { useEffect } from 'preact/hooks'
import { Slider } from '../../../parts/slider.tsx'
import { choose, chosen, drawShipped, model, modelProblem, newSeed, type OpenedModel } from './model.ts'
import { MorphSection } from './morph.tsx'
import { SheetSection } from './sheet.tsx'
import { StepsSection } from './steps.tsx'
import { TrainingSection } from './training.tsx'
import './digits.css'

export function DigitsView() {
  useEffect(() => {
    if (!model.value) void drawShipped()
  }, [])
  const now = model.value
  return (
    <div class="digits">
      {now && <Controls model={now} />}
      {modelProblem.value && <p class="problem">{modelProblem.value}</p>}
      {now ? (
        <>
          <div class="first">
            <SheetSection model={now} />
            <MorphSection model={now} />
          </div>
          <StepsSection model={now} />
        </>
      ) : (
        !modelProblem.value && <p class="loading soft">Loading the digits model</p>
      )}
      <TrainingSection />
    </div>
  )
}

/** What is drawn, and how. */
function Controls({ model: { name, shipped, traits } }: { model: OpenedModel }) {
  const { classes, scales, baked, data, objective, parameters } = traits
  const { class: place, scale } = chosen(traits)
  return (
    <div class="controls">
      <p>
        A flow map turns noise into a picture in one evaluation of its network.{' '}
        <span class="soft">
          Model: {name}, {(parameters / 1e6).toFixed(2)} million parameters, trained by {objective} on {data}
          {baked === null ? '' : ` at guidance ${baked}`}.
        </span>
      </p>
      {classes.length > 0 && (
        <fieldset class="choice chips">
          <legend>Class</legend>
          <div class="buttons">
            {[null, ...classes.keys()].map(each => (
              <button
                key={each}
                type="button"
                aria-pressed={place === each}
                onClick={() => choose({ class: each })}
              >
                {each === null ? 'All' : classes[each]}
              </button>
            ))}
          </div>
        </fieldset>
      )}
      {scales && (
        <Slider
          name="Guidance"
          value={scale!}
          min={scales[0]}
          max={scales[1]}
          step={0.1}
          onChange={value => choose({ scale: value })}
        />
      )}
      <div class="buttons">
        <button type="button" onClick={() => choose({ seed: newSeed() })}>
          New noise
        </button>
        {!shipped && (
          <button type="button" onClick={drawShipped}>
            Back to the page’s model
          </button>
        )}
      </div>
    </div>
  )
}
