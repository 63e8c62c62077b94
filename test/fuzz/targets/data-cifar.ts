import { encodeCifar } from '../../data/files.ts'
import { bytes } from '../forms/bytes.ts'
import { dataTarget, pixels } from '../read-data.ts'

export const target = dataTarget('x.bin', bytes, 4000, async () => [encodeCifar([1, 2, 3], pixels(3 * 3072))])
