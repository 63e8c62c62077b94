import { drawNoise, load, sample, uniformGrid } from 'oxbow/web'

const map = await load('model.onnx')
const noise = drawNoise(5, map.dimension, 7)
const { points } = await sample(map, noise, { grid: uniformGrid(2) })
await map.close()
document.querySelector('output').textContent = JSON.stringify([...points])
