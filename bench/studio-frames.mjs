// Frames a second of the studio's moving points, in Chromium: `npm run build:site` or `npx vite build -c
// src/studio/vite.config.ts`, then `node bench/studio-frames.mjs [--gpu] [--points 50000] [--pictures 1]`. Without `--gpu`
// WebGL runs on the processor (SwiftShader). Chromium at /usr/bin/chromium, or where CHROMIUM says. Exit code 1 where not
// one second had 20 frames, or the page's own script took more of a frame than leaves a graphics card time for 60.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createServer, runnerImport } from 'vite'

const { values } = parseArgs({
  options: {
    gpu: { type: 'boolean', default: false },
    points: { type: 'string', default: '50000' },
    pictures: { type: 'string', default: '1' },
    side: { type: 'string', default: '640' },
    seconds: { type: 'string', default: '5' },
  },
})
const HELPERS = './test/helpers/browsers.ts'
const { launchChromium } = (await runnerImport(HELPERS, { configFile: false, logLevel: 'error' })).module

/** Frames in a second on the processor, and milliseconds of a frame that are the page's script. */
const LEAST_FRAMES = 20
const MOST_SCRIPT = 4

/** Runs in the page: paints clouds on their way from one place to another, frame after frame. */
async function measure({ points, pictures, side, seconds }) {
  const { paint, keep, drawnBy } = await import('/draw/painter.ts')
  const cloud = () => Float32Array.from({ length: 2 * points }, () => 8 * Math.random() - 4)
  document.body.replaceChildren()
  const all = Array.from({ length: pictures }, () => {
    const canvas = document.createElement('canvas')
    Object.assign(canvas.style, { width: `${side}px`, height: `${side}px` })
    document.body.append(canvas)
    const clouds = [
      { points: cloud(), colour: [0.5, 0.5, 0.5, 0.45], size: 1.5 },
      { points: cloud(), through: [cloud()], colour: [0, 0.45, 0.7, 0.6], size: 2 },
    ]
    const picture = { canvas, clouds, progress: 0 }
    keep(picture)
    return picture
  })
  const frame = () => new Promise(requestAnimationFrame)
  for (let i = 0; i < 10; i++) {
    await frame()
    all.forEach(paint)
  }
  // Where the processor draws, copying a picture waits for it to be drawn: that is no work of the page's script.
  let copying = 0
  const { prototype } = CanvasRenderingContext2D
  const { drawImage } = prototype
  prototype.drawImage = function (...given) {
    const before = performance.now()
    drawImage.apply(this, given)
    copying += performance.now() - before
  }
  const start = performance.now()
  const frames = Array.from({ length: seconds }, () => 0)
  const [painting, script] = [[], []]
  for (;;) {
    const now = await frame()
    const second = Math.floor((performance.now() - start) / 1000)
    if (second >= seconds) break
    const before = performance.now()
    copying = 0
    for (const picture of all) {
      picture.progress = (Math.max(0, now - start) / 2000) % 1
      paint(picture)
    }
    script.push(performance.now() - before - copying)
    // Makes the pictures' pixels be there before the clock is read.
    for (const { canvas } of all) canvas.getContext('2d').getImageData(0, 0, 1, 1)
    painting.push(performance.now() - before)
    frames[second]++
  }
  const middle = values => values.sort((a, b) => a - b)[values.length >> 1]
  return { drawnBy: drawnBy.value, frames, paintMs: middle(painting), scriptMs: middle(script) }
}

const server = await createServer({
  configFile: fileURLToPath(new URL('../src/studio/vite.config.ts', import.meta.url)),
  server: { port: 0, host: '127.0.0.1' },
  optimizeDeps: { entries: [], include: ['@preact/signals'] },
  logLevel: 'error',
})
await server.listen()
const browser = await launchChromium({ graphicsCard: values.gpu })
try {
  const page = await browser.newPage()
  const { port } = server.httpServer.address()
  // A page without the studio, which would train beside.
  await page.goto(`http://127.0.0.1:${port}/draw/cloud.ts`)
  const [points, pictures, side, seconds] = ['points', 'pictures', 'side', 'seconds'].map(name =>
    Number(values[name]),
  )
  const { drawnBy, frames, paintMs, scriptMs } = await page.evaluate(measure, {
    points,
    pictures,
    side,
    seconds,
  })
  const best = Math.max(...frames)
  const mean = frames.reduce((sum, each) => sum + each, 0) / seconds
  console.log(
    `${pictures} of ${points} still and ${points} moving points, ${side} px, ${drawnBy}: ${mean.toFixed(1)} frames a ` +
      `second (${best} in the best), ${paintMs.toFixed(1)} ms to paint one, ${scriptMs.toFixed(2)} ms of them script`,
  )
  if (best < LEAST_FRAMES || scriptMs > MOST_SCRIPT) {
    console.error(
      `expected ${LEAST_FRAMES} frames in a second, and at most ${MOST_SCRIPT} ms of script in one`,
    )
    process.exitCode = 1
  }
} finally {
  await browser.close()
  await server.close()
}
