import { drawNoise, load, sampleTexts } from 'oxbow/web'

const KEPT = 60
const find = id => document.getElementById(id)
const map = await load('model.safetensors')
const { alphabet, end, length } = map.text
const words = new Set((await (await fetch('words.txt')).text()).trim().split('\n'))
let [seed, typed, known] = [Date.now(), 0, 0]

/** A cell for each symbol of each position, one column for a position. */
function cellsOf(id) {
  const symbols = Array.from({ length }, () => alphabet).flat()
  const cells = symbols.map(symbol =>
    Object.assign(document.createElement('span'), { textContent: symbol === end ? '·' : symbol }),
  )
  find(id).style.gridTemplateRows = `repeat(${alphabet.length}, auto)`
  find(id).replaceChildren(...cells)
  return cells
}

/** Shows numbers as ink, each cell darker the larger its number. */
function shade(cells, numbers, least) {
  const most = Math.max(...numbers)
  for (const [i, cell] of cells.entries())
    cell.style.opacity = Math.max(0.08, (numbers[i] - least) / (most - least))
}

const [noise, odds] = ['noise', 'odds'].map(cellsOf)

/** Draws noise and types the word that it leads to. */
async function type() {
  const own = ++seed
  const steps = Number(find('steps').value)
  const { texts, points } = await sampleTexts(map, { count: 1, seed: own, steps })
  const [word] = texts
  const isKnown = words.has(word)
  typed++
  if (isKnown) known++
  const className = isKnown ? 'in' : 'out'
  Object.assign(find('word'), { textContent: word || '(nothing)', className })
  find('said').textContent =
    `${isKnown ? 'In the list' : 'Not in the list'}. ${known} of ${typed} ${typed === 1 ? 'word is' : 'words are'}.`
  find('typed').prepend(Object.assign(document.createElement('li'), { textContent: word, className }))
  if (typed > KEPT) find('typed').lastChild.remove()
  const start = drawNoise(1, map.dimension, own)
  shade(noise, start, Math.min(...start))
  shade(odds, points, 0)
}

find('form').addEventListener('submit', event => {
  event.preventDefault()
  type()
})
document.addEventListener('keydown', ({ key, target, altKey, ctrlKey, metaKey }) => {
  // A select has letter keys of its own.
  if (/^\p{L}$/u.test(key) && !altKey && !ctrlKey && !metaKey && target !== find('steps')) type()
})
find('type').disabled = false
find('type').focus()
await type()
