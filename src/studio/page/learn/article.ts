import '../styles/base.css'
import '../styles/controls.css'
import '../styles/tabs.css'
import './learn.css'
import { failsFigure } from './fails.ts'
import type { Figure, MakeFigure } from './figure.ts'
import { integralFigure } from './integral.ts'
import { pathFigure } from './path.ts'
import { methodsFigure, rulesFigure } from './rules.ts'
import { Stage } from './stage.ts'
import { stepsFigure } from './steps.ts'
import { tangentFigure } from './tangent.ts'
import { trainingFigure } from './training.ts'

const FIGURES: Readonly<Record<string, MakeFigure>> = {
  path: pathFigure,
  tangent: tangentFigure,
  integral: integralFigure,
  rules: rulesFigure,
  training: trainingFigure,
  steps: stepsFigure,
  fails: failsFigure,
  variations: methodsFigure,
}

const stage = new Stage(document.getElementById('stage')!)
const sections = [...document.querySelectorAll<HTMLElement>('section[data-figure]')]
let shown: Figure | null = null
const refresh = (figure: Figure) => (): void => {
  if (figure === shown) stage.show(figure.picture())
}

const figures = new Map<HTMLElement, Figure>()
for (const section of sections) {
  const figure: Figure = FIGURES[section.dataset.figure!](() => refresh(figure)())
  figures.set(section, figure)
  section.querySelector('.try')!.append(...figure.controls)
}

/** Puts the figure of a section on the stage. */
function choose(section: HTMLElement): void {
  const figure = figures.get(section)!
  if (figure === shown) return
  shown?.leave?.()
  shown = figure
  for (const each of sections) each.toggleAttribute('data-shown', each === section)
  stage.show(figure.picture())
  figure.enter?.()
}

/** Where the stage stands above the text; as in the style. */
const narrow = matchMedia('(max-width: 900px)')

/** The section that crosses a line of the window is read: below the stage, where that is above the text. */
function watch(): IntersectionObserver {
  const line = narrow.matches ? 65 : 30
  const reading = new IntersectionObserver(
    entries => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) choose(target as HTMLElement)
    },
    { rootMargin: `-${line}% 0px -${100 - line}% 0px` },
  )
  for (const section of sections) reading.observe(section)
  return reading
}
let reading = watch()
narrow.addEventListener('change', () => {
  reading.disconnect()
  reading = watch()
})
for (const section of sections) {
  for (const event of ['focusin', 'pointerdown', 'click'])
    section.addEventListener(event, () => choose(section))
}
choose(sections[0])

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => shown && refresh(shown)())
