import type { Points } from './lab.ts'

const SIDE = 300
/** Colours that stay apart for colour-blind readers, on light and on dark. */
const COLOURS = ['#8a8f98', '#0072b2', '#d55e00', '#009e73']

/** Half of the width of what is shown: nearly all points are within. */
function reachOf(clouds: readonly Points[]): number {
  const sizes = clouds.flatMap(points => [...points].map(Math.abs)).sort((a, b) => a - b)
  return 1.1 * (sizes[Math.floor(0.995 * sizes.length)] || 1)
}

function canvasOf(label: string, points: Points, colour: string, reach: number): HTMLElement {
  const figure = document.createElement('figure')
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 2 * SIDE
  canvas.role = 'img'
  canvas.ariaLabel = `${points.length / 2} points: ${label}`
  const context = canvas.getContext('2d')!
  context.fillStyle = colour
  context.globalAlpha = 0.6
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], -points[i + 1]].map(value => SIDE * (1 + value / reach))
    context.beginPath()
    context.arc(x, y, 3.5, 0, 2 * Math.PI)
    context.fill()
  }
  const caption = Object.assign(document.createElement('figcaption'), { textContent: label })
  figure.append(canvas, caption)
  return figure
}

/** Clouds of points beside one another, each under its name. */
export function clouds(named: Readonly<Record<string, Points>>): HTMLElement {
  const row = Object.assign(document.createElement('div'), { className: 'clouds' })
  const reach = reachOf(Object.values(named))
  row.append(
    ...Object.entries(named).map(([label, points], i) =>
      canvasOf(label, points, COLOURS[i % COLOURS.length], reach),
    ),
  )
  return row
}

/** A table of rows that have the same keys. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): HTMLElement {
  const element = document.createElement('table')
  const names = Object.keys(rows[0] ?? {})
  const head = element.createTHead().insertRow()
  for (const name of names) head.append(Object.assign(document.createElement('th'), { textContent: name }))
  const body = element.createTBody()
  for (const row of rows) {
    const line = body.insertRow()
    for (const name of names) line.insertCell().textContent = String(row[name])
  }
  return element
}

/** Grey pictures, whose numbers are 0 to 255, in rows. */
export function pictures(points: Float32Array, height: number, width: number, columns = 8): HTMLElement {
  const size = height * width
  const count = points.length / size
  const canvas = document.createElement('canvas')
  canvas.className = 'pictures'
  canvas.role = 'img'
  canvas.ariaLabel = `${count} pictures`
  canvas.width = width * columns
  canvas.height = height * Math.ceil(count / columns)
  const context = canvas.getContext('2d')!
  for (let k = 0; k < count; k++) {
    const image = new ImageData(width, height)
    for (let i = 0; i < size; i++) {
      image.data.fill(points[k * size + i], 4 * i, 4 * i + 3)
      image.data[4 * i + 3] = 255
    }
    context.putImageData(image, width * (k % columns), height * Math.floor(k / columns))
  }
  return canvas
}
