#!/usr/bin/env node
import { onFetch } from '../data/fetching.ts'
import { main } from './program.ts'
import { endWithParent, guardOutput, note, withOutput } from './terminal.ts'

guardOutput()
onFetch(line => note(`oxbow: ${line}`))

// A child of `compare` that measures leaves nothing half done and may end at once; one that trains saves first.
if (process.argv[2] === 'evaluate') endWithParent()

process.exitCode = withOutput(await main(process.argv.slice(2)))
