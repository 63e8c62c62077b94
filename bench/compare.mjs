// Runs `oxbow compare` in a process of its own, for the scripts that measure many of them.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** Runs one comparison; its own log goes to the terminal. @param jobs  trainings at once */
export function compare(root, config, out, jobs = '2') {
  const main = join(root, 'dist', 'cli', 'main.js')
  const child = spawn(
    process.execPath,
    [main, 'compare', '--config', config, '--out', out, '--jobs', jobs, '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      try {
        const document = JSON.parse(text)
        if (document.rows) return resolve(document)
        reject(new Error(document.error?.message ?? `compare ended with code ${code}`))
      } catch {
        reject(new Error(`compare ended with code ${code} and no result`))
      }
    })
  })
}
