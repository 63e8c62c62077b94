import { register } from 'node:module'

// Lets Node run the sources and these tests as they are: `node --import ./test/fuzz/typescript.mjs FILE.ts`.
register(new URL('./typescript-hooks.mjs', import.meta.url))
