import { encodeParquet } from '../../data/files.ts'
import { bytes } from '../forms/bytes.ts'
import { dataTarget, table } from '../read-data.ts'

export const target = dataTarget(
  'x.parquet',
  bytes,
  500,
  async () => {
    const columns = [0, 1].map(i => ({ name: `c${i}`, data: table.map(row => row[i]), type: 'DOUBLE' }))
    const labels = { name: 'label', data: table.map((_, i) => `c${i % 2}`), type: 'STRING' }
    return [
      encodeParquet(columns),
      encodeParquet([...columns, labels]),
      encodeParquet(columns, { codec: 'UNCOMPRESSED' }),
    ]
  },
  { words: ['PAR1', 'c0', 'schema'] },
)
