// Frames a second of the studio's moving points, in Chromium: `npm run build:site` or `npx vite build -c
// src/studio/vite.config.ts`, then `node bench/studio-frames.mjs [--gpu] [--points 50000]`. Without `--gpu` WebGL runs on
// the processor (SwiftShader). Chromium at /usr/bin/chromium, or where CHROMIUM says.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createServer, runnerImport } from 'vite'

const { values } = parseArgs({
  options: {
    gpu: { type: 'boolean', default: false },
    points: { type: 'string', default: '50000' },
    side: { type: 'string', default: '640' },
    seconds: { type: 'string', default: '5' },
  },
})
const HELPERS = './test/helpers/browsers.ts'
const { launchChromium } = (await runnerImport(HELPERS, { configFile: false, logLevel: 'error' })).module

/** Runs in the page: paints a cloud on its way from one place to another, frame after frame. */
async function measure({ points, side, seconds }) {
  const { paint, keep, drawnBy } = await import('/draw/painter.ts')
  const canvas = document.createElement('canvas')
  Object.assign(canvas.style, { width: `${side}px`, height: `${side}px` })
  document.body.replaceChildren(canvas)
  const cloud = () => Float32Array.from({ length: 2 * points }, () => 8 * Math.random() - 4)
  const clouds = [
    { points: cloud(), colour: [0.5, 0.5, 0.5, 0.45], size: 1.5 },
    { points: cloud(), through: [cloud()], colour: [0, 0.45, 0.7, 0.6], size: 2 },
  ]
  const picture = { canvas, clouds, progress: 0 }
  keep(picture)
  const frame = () => new Promise(requestAnimationFrame)
  for (let i = 0; i < 10; i++) {
    await frame()
    paint(picture)
  }
  const start = performance.now()
  let frames = 0
  let painting = 0
  while (performance.now() - start < 1000 * seconds) {
    const now = await frame()
    picture.progress = ((now - start) / 2000) % 1
    const before = performance.now()
    paint(picture)
    // Makes the picture's pixels be there before the clock is read.
    canvas.getContext('2d').getImageData(0, 0, 1, 1)
    painting += performance.now() - before
    frames++
  }
  const passed = (performance.now() - start) / 1000
  return { drawnBy: drawnBy.value, framesPerSecond: frames / passed, paintMs: painting / frames }
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
  const [points, side, seconds] = ['points', 'side', 'seconds'].map(name => Number(values[name]))
  const result = await page.evaluate(measure, { points, side, seconds })
  console.log(
    `${points} still and ${points} moving points, ${side} px, ${result.drawnBy}: ` +
      `${result.framesPerSecond.toFixed(1)} frames a second, ${result.paintMs.toFixed(1)} ms to paint one`,
  )
} finally {
  await browser.close()
  await server.close()
}
