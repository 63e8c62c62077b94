#!/usr/bin/env node
import { main } from './program.ts'

// A reader that has seen enough, as in `oxbow objectives | head -3`, is no failure; neither is a parent that is gone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (stream === process.stdout) process.exit(0)
  })
}

process.exitCode = await main(process.argv.slice(2))
