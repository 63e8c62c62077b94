// Makes a CSV and an NPY file of so many gigabytes, trains on each and prints time and memory:
//   npm run build && node bench/large-data.mjs [GB, 2 by default] [folder for the files]
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const bytes = Number(process.argv[2] ?? 2) * 1e9
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'oxbow-large-'))
const COLUMNS = 8
const COMMAND = resolve('dist/cli/main.js')
/** Prints what the process has needed when it ends. */
const REPORT = `data:text/javascript,process.on('exit',()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();console.error('USAGE',maxRSS,userCPUTime+systemCPUTime)})`

/** Numbers in blocks of rows that are all different from block to block. */
function* blocks() {
  const values = new Float32Array(COLUMNS * 50_000)
  for (let block = 0; ; block++) {
    for (let i = 0; i < values.length; i++)
      values[i] = Math.sin(i * 12.9898 + block * 78.233) * (1 + (i % COLUMNS))
    yield values
  }
}

function makeCsv(path) {
  const file = openSync(path, 'w')
  let written = writeSync(file, 'a,b,c,d,e,f,g,h\n')
  const lines = Array.from({ length: 50_000 }, (_, row) => {
    const cells = Array.from({ length: COLUMNS - 1 }, (_, i) =>
      (Math.sin(row * 12.9898 + i) * (1 + i)).toFixed(6),
    )
    return `#.${row},${cells.join()}`
  })
  const template = `${lines.join('\n')}\n`
  // The number of the block makes its rows unlike those of others.
  for (let block = 0; written < bytes; block++)
    written += writeSync(file, template.replaceAll('#', String(block)))
  closeSync(file)
}

function makeNpy(path) {
  const file = openSync(path, 'w')
  const block = COLUMNS * 50_000 * 4
  const count = Math.ceil(bytes / block)
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count * 50_000}, ${COLUMNS}), }`
  const header = Buffer.alloc(128, ' ')
  header.write('\x93NUMPY\x01\x00', 'latin1')
  header.writeUInt16LE(118, 8)
  header.write(fields, 10)
  header[127] = 10
  writeSync(file, header)
  const source = blocks()
  for (let i = 0; i < count; i++) writeSync(file, source.next().value)
  closeSync(file)
}

function train(data, steps) {
  const start = performance.now()
  const words = [
    'train',
    '--data',
    data,
    '--steps',
    String(steps),
    '--out',
    join(folder, `run-${start}`),
    '--json',
  ]
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, ['--import', REPORT, COMMAND, ...words], {
      env: { ...process.env, OXBOW_CACHE: join(folder, 'cache') },
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', text => (stdout += text))
    child.stderr.on('data', text => (stderr += text))
    child.on('close', code => {
      if (code !== 0) return failed(new Error(stderr))
      const { msPerStep } = JSON.parse(stdout)
      const [, kibibytes, microseconds] = /USAGE (\d+) (\d+)/.exec(stderr).map(Number)
      const seconds = (performance.now() - start) / 1000
      done({ seconds, processor: microseconds / 1e6, peak: kibibytes / 1024, msPerStep })
    })
  })
}

const show = (name, { seconds, processor, peak, msPerStep }) =>
  console.log(
    `${name}: ${seconds.toFixed(0)} s (${processor.toFixed(0)} s of processor time), peak memory ${peak.toFixed(0)} MiB, ${msPerStep.toFixed(2)} ms a step`,
  )

try {
  show('built-in ring', await train('ring', 500))
  for (const [name, make] of Object.entries({ csv: makeCsv, npy: makeNpy })) {
    const path = join(folder, `large.${name}`)
    make(path)
    console.log(`${name}: ${(statSync(path).size / 1e9).toFixed(2)} GB`)
    show(`${name}, first time`, await train(path, 500))
    show(`${name}, again`, await train(path, 500))
    rmSync(path)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
