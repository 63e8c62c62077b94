import { bytes } from '../forms/bytes.ts'
import { dataTarget } from '../read-data.ts'
import { utf8 } from '../trained.ts'

export const target = dataTarget(
  'x.txt',
  bytes,
  15_000,
  async () => [
    utf8('abba\nbaab\nabab\nbbaa\naabb\nbaba\n'),
    utf8('\u00e4b\u{1f600}\nb\u00e4\u{1f600}\n\u{1f600}\u00e4b\nbb\u00e4\n'),
  ],
  {
    words: ['\u{10ffff}', '\u200d', 'e\u0301', '\u2028', '\0', '\r\n', '\xff'],
    spec: path => ({ text: { path } }),
  },
)
