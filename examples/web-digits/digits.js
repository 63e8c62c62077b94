import { drawNoise, load, sample, uniformGrid } from 'oxbow/web'

const COUNT = 16
const find = id => document.getElementById(id)
const map = await load('model.onnx')
const [height, width] = map.shape
const { range } = map.guidance
let seed = 1

find('class').replaceChildren(...map.condition.names.map(name => new Option(name)))
if (range) {
  Object.assign(find('guidance'), { min: range[0], max: range[1], value: Math.min(2, range[1]) })
  find('guide').hidden = false
}

/** Numbers of one picture, 0 to 255, as grey pixels. */
function draw(canvas, picture) {
  Object.assign(canvas, { width, height })
  const image = new ImageData(width, height)
  picture.forEach((value, i) => {
    image.data.set([value, value, value, 255], 4 * i)
  })
  canvas.getContext('2d').putImageData(image, 0, 0)
}

async function show() {
  const told = map.given({ class: find('class').value })
  const w = find('guidance').valueAsNumber
  document.querySelector('output').value = range ? w : ''
  const steps = Number(find('steps').value)
  const start = performance.now()
  const { points } = await sample(
    range ? told.guided({ scale: w }) : told,
    drawNoise(COUNT, map.dimension, seed),
    {
      grid: uniformGrid(steps),
    },
  )
  const ms = performance.now() - start
  find('said').textContent =
    `${COUNT} digits in ${steps} ${steps === 1 ? 'step' : 'steps'}, ${ms.toFixed(0)} ms`
  const canvases = Array.from({ length: COUNT }, (_, i) => {
    const canvas = document.createElement('canvas')
    draw(canvas, points.subarray(i * map.dimension, (i + 1) * map.dimension))
    return canvas
  })
  find('digits').replaceChildren(...canvases)
}

for (const id of ['class', 'steps', 'guidance']) find(id).addEventListener('input', show)
find('again').addEventListener('click', () => {
  seed++
  show()
})
await show()
