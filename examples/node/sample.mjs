// node sample.mjs runs/ring
import { drawNoise, load, sample, uniformGrid } from 'oxbow'

const map = await load(process.argv[2])
const noise = drawNoise(5, map.dimension, 7)
const { points } = await sample(map, noise, { grid: uniformGrid(2) })
await map.close()
console.log(JSON.stringify([...points]))
