/**
 * The program of the thread that reads a Parquet file. It is a text since the library's decoders trust the counts in a file: only
 * a thread of its own, with a limit on its memory, can be ended when a damaged file asks for too much.
 *
 * It posts the columns, waits for the choice, then posts the rows piece by piece, each when the one before was taken.
 */
export const PARQUET_PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { path, hyparquet, hyparquetCompressors, mostPage, mostFloats } = workerData
const LARGEST = 3.4028234663852886e38
const next = () => new Promise(resolve => parentPort.once('message', resolve))

const numberOf = value =>
  typeof value === 'number' ? value : typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : NaN

const limited = compressors =>
  Object.fromEntries(
    Object.entries(compressors).map(([name, inflate]) => [
      name,
      (input, length) => {
        if (!(length >= 0 && length <= mostPage)) throw new Error('a page of ' + length + ' bytes')
        return inflate(input, length)
      },
    ]),
  )

const run = async () => {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } = await import(hyparquet)
  const compressors = limited((await import(hyparquetCompressors)).compressors)
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file, { geoparquet: false })
  const groups = metadata.row_groups.map(group => Number(group.num_rows))
  const columns = parquetSchema(metadata).children.map(({ element, children }) => ({
    name: element.name,
    nested: children.length > 0 || element.repetition_type === 'REPEATED',
  }))
  parentPort.postMessage({ columns, groups, rows: Number(metadata.num_rows) })
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
      throw new Error('column ' + name + ' has ' + count + ' values for ' + (rowEnd - rowStart) + ' rows')
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
    parentPort.postMessage({ values, labels, problems }, [values.buffer])
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
  parentPort.postMessage({ done: true })
}
run().catch(error => parentPort.postMessage({ failure: String((error && error.message) || error) }))
`
