#!/usr/bin/env node
import { main } from './program.ts'
import { endWithParent, guardOutput, withOutput } from './terminal.ts'

guardOutput()

// A child of `compare` that measures leaves nothing half done and may end at once; one that trains saves first.
if (process.argv[2] === 'evaluate') endWithParent()

process.exitCode = withOutput(await main(process.argv.slice(2)))
