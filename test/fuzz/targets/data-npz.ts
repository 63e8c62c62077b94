import { zipSync } from 'fflate'
import { encodeNpy } from '../../../src/data/npy.ts'
import { zip } from '../forms/packed.ts'
import { dataTarget, numbers } from '../read-data.ts'

export const target = dataTarget('x.npz', zip, 20_000, async () => {
  const array = encodeNpy({ shape: [20, 3], data: numbers })
  const labels = encodeNpy({ shape: [20], data: numbers.slice(0, 20) })
  return [
    zipSync({ 'x.npy': array }, { level: 6 }),
    zipSync({ 'x.npy': array, 'y.npy': labels }, { level: 0 }),
  ]
})
