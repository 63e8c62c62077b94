#!/usr/bin/env node
import { main } from './program.ts'
import { endWithParent } from './terminal.ts'

// A reader that has seen enough, as in `oxbow objectives | head -3`, is no failure; neither is a parent that is gone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (stream === process.stdout) process.exit(0)
  })
}

// A child of `compare` that measures leaves nothing half done and may end at once; one that trains saves first.
if (process.argv[2] === 'evaluate') endWithParent()

process.exitCode = await main(process.argv.slice(2))
