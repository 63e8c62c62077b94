import { drawNoise, load, sample, uniformGrid } from 'oxbow/web'

const COLUMNS = 8
const find = id => document.getElementById(id)
const map = await load('model.safetensors')
const [height, width] = map.shape
const { names } = map.condition
const { range } = map.guidance
let [chosen, seed, newest] = ['', 1, 0]

const picture = () => Object.assign(document.createElement('canvas'), { width, height })
const canvases = Array.from({ length: names.length * COLUMNS }, picture)
find('digits').replaceChildren(...canvases)
find('class').append(...names.map(name => new Option(name)))
find('guide').hidden = !range
if (range) Object.assign(find('guidance'), { min: range[0], max: range[1], value: Math.min(2, range[1]) })

/** Numbers of a grey picture, 0 to 255, as ink. */
function paint(canvas, numbers) {
  const image = new ImageData(width, height)
  for (const [i, value] of numbers.entries()) image.data[4 * i + 3] = value
  canvas.getContext('2d').putImageData(image, 0, 0)
}

/** A row of each digit from the same noise, or all rows of the digit that is chosen. */
async function show() {
  const own = ++newest
  const scale = find('guidance').valueAsNumber
  const grid = uniformGrid(Number(find('steps').value))
  const start = performance.now()
  find('digits').ariaBusy = 'true'
  for (const [row, name] of names.entries()) {
    const told = map.given({ class: chosen || name })
    const noise = drawNoise(COLUMNS, map.dimension, chosen ? seed + row : seed)
    const { points } = await sample(range ? told.guided({ scale }) : told, noise, { grid })
    if (own !== newest) return
    for (let i = 0; i < COLUMNS; i++)
      paint(canvases[row * COLUMNS + i], points.subarray(i * map.dimension, (i + 1) * map.dimension))
    // So that each row is seen before the next is drawn.
    await new Promise(requestAnimationFrame)
  }
  find('digits').ariaBusy = 'false'
  const rate = (1000 * canvases.length) / (performance.now() - start)
  find('said').textContent = `${canvases.length} digits, ${Math.round(rate)} a second on one thread`
}

find('form').addEventListener('input', () => {
  chosen = find('class').value
  find('scale').value = find('guidance').value
  show()
})
find('noise').addEventListener('click', () => {
  seed += names.length
  show()
})
await show()
