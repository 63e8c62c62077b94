import { gzipSync } from 'node:zlib'
import { gzip } from '../forms/packed.ts'
import { dataTarget, table } from '../read-data.ts'

export const target = dataTarget('x.csv.gz', gzip, 15_000, async () => [
  gzipSync(table.map(row => row.join()).join('\n')),
  gzipSync(Buffer.alloc(100_000, '1,2\n')),
])
