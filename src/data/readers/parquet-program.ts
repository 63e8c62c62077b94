/**
 * The program of the process that reads a Parquet file. The library's decoders trust the counts in a file, and a damaged one can ask
 * for more memory than there is, which ends a process, whatever the limit of a thread.
 *
 * It is told what to read, sends the columns, is told the choice, then sends the rows piece by piece, each when the one before was
 * taken.
 */
export const PARQUET_PROGRAM = `
const messages = []
let waiting
process.on('message', message => {
  if (waiting) waiting(message)
  else messages.push(message)
  waiting = undefined
})
process.on('disconnect', () => process.exit())
// A decoder in an endless loop hears nothing: a thread beside it sees when the parent is gone.
const watch = 'const parent = process.ppid; setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), 250)'
new (require('node:worker_threads').Worker)(watch, { eval: true }).unref()
const next = () => messages.length > 0
  ? Promise.resolve(messages.shift())
  : new Promise(resolve => { waiting = resolve })
const send = message => new Promise((resolve, reject) => process.send(message, error => error ? reject(error) : resolve()))
class Refusal extends Error {}
const LARGEST = 3.4028234663852886e38

const numberOf = value =>
  typeof value === 'number' ? value : typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : NaN

const limited = (compressors, mostPage) =>
  Object.fromEntries(
    Object.entries(compressors).map(([name, inflate]) => [
      name,
      (input, length) => {
        if (!(length >= 0 && length <= mostPage)) throw new Refusal('a page of ' + length + ' bytes')
        return inflate(input, length)
      },
    ]),
  )

// https://pandas.pydata.org/docs/development/developer.html: a range is kept as a record, and is no column.
const indexOf = metadata => {
  const entry = (metadata.key_value_metadata || []).find(({ key }) => key === 'pandas')
  try {
    const { index_columns } = JSON.parse(entry.value)
    return index_columns.filter(name => typeof name === 'string')
  } catch {
    return []
  }
}

const run = async () => {
  const { path, hyparquet, hyparquetCompressors, mostPage, mostFloats } = await next()
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } = await import(hyparquet)
  const compressors = limited((await import(hyparquetCompressors)).compressors, mostPage)
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file, { geoparquet: false })
  const groups = metadata.row_groups.map(group => Number(group.num_rows))
  const columns = parquetSchema(metadata).children.map(({ element, children }) => ({
    name: element.name,
    nested: children.length > 0 || element.repetition_type === 'REPEATED',
  }))
  await send({ columns, groups, rows: Number(metadata.num_rows), index: indexOf(metadata) })
  const { names, label } = await next()

  /** Hands the values of a column in these rows to \`each\`. */
  const readColumn = async (name, rowStart, rowEnd, each) => {
    let count = 0
    await parquetRead({
      file, metadata, compressors, rowStart, rowEnd, columns: [name], geoparquet: false,
      onChunk({ columnData, rowStart: at }) {
        for (let i = Math.max(0, rowStart - at); i < columnData.length && at + i < rowEnd; i++) {
          each(columnData[i], at + i - rowStart)
          count++
        }
      },
    })
    if (count !== rowEnd - rowStart) {
      throw new Refusal('column ' + name + ' has ' + count + ' values for ' + (rowEnd - rowStart) + ' rows')
    }
  }

  const readPiece = async (from, to) => {
    const values = new Float32Array((to - from) * names.length)
    const problems = []
    const labels = label === undefined ? undefined : new Array(to - from)
    for (const [column, name] of names.entries()) {
      await readColumn(name, from, to, (value, i) => {
        const number = numberOf(value)
        values[i * names.length + column] = number
        if (Math.abs(number) <= LARGEST || problems.length > 10000) return
        const shown = typeof value === 'string' ? value.slice(0, 80) : typeof value === 'object' && value !== null ? String(value).slice(0, 80) : value
        problems.push([i, column, shown])
      })
    }
    if (labels) {
      await readColumn(label, from, to, (value, i) => {
        labels[i] = value === null || value === undefined ? '' : String(value).slice(0, 1000)
      })
    }
    await send({ values, labels, problems })
    await next()
  }

  const perPiece = Math.max(1, Math.floor(mostFloats / names.length))
  let start = 0
  for (const rows of groups) {
    for (let from = start; from < start + rows; from += perPiece) {
      await readPiece(from, Math.min(start + rows, from + perPiece))
    }
    start += rows
  }
  await send({ done: true })
}
run().catch(error => {
  // The library's own words are of no use to whoever has the file.
  const text = String((error && error.message) || error)
  const reason = error instanceof Refusal ? text
    : /unsupported|not supported|codec/i.test(text) ? 'it uses an encoding or a compression that is not known here'
    : 'it is damaged, or cut short'
  return send({ failure: reason })
})
`
