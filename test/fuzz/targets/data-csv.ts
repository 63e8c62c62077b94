import { bytes } from '../forms/bytes.ts'
import { dataTarget, table } from '../read-data.ts'
import { utf8 } from '../trained.ts'

const lines = table.map(row => row.join()).join('\n')

export const target = dataTarget(
  'x.csv',
  bytes,
  25_000,
  async () => [
    utf8(`a,b,"c"\n${lines}\n`),
    utf8(`sep=;\n${lines.replaceAll(',', ';')}`),
    utf8(`label\tx\ty\n${table.map(([x, y], i) => `${i % 2 ? 'one' : '"t""wo"'}\t${x}\t${y}`).join('\r\n')}`),
    Buffer.from(`\ufeff${lines}`, 'utf16le'),
  ],
  { words: ['sep=\t\n', '"', '""', ';', '\t', '\r', ',,', 'nan', '1,5', '1e400', ' '] },
)
