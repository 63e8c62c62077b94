/**
 * Trains the maps of curved spaces and of text that the studio's page shows, by `space-maps.ts`, and writes each to a file of its name in `spaces`:
 * `npm run build:cli && node src/studio/example/make-spaces.mjs [NAME ...]`. A map takes a minute or two.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pointOf } from '../../../dist/config/index.js'
import { load, train } from '../../../dist/index.js'
import { toText } from '../../../dist/studio/engine/bytes.js'
import { toHalves } from '../../../dist/studio/example/half.js'
import { spaceConfigs, spaceNames } from '../../../dist/studio/example/space-maps.js'

for (const name of process.argv.length > 2 ? process.argv.slice(2) : spaceNames) {
  const folder = mkdtempSync(join(tmpdir(), 'oxbow-spaces-'))
  const directory = join(folder, name)
  await train(spaceConfigs[name], { directory })
  const map = await load(directory)
  const { config, data, parameters } = map.model
  const { network, interpolant, times } = config
  const keys = JSON.stringify({ network, interpolant, times: { minimum: times.minimum } })
  const { shape, space } = pointOf(config, data)
  writeFileSync(
    fileURLToPath(new URL(`spaces/${name}.ts`, import.meta.url)),
    `// Written by \`make-spaces.mjs\`; not to be changed by hand.

/** What decides the map. */
export const keys: string = '${keys}'

/** Shape and space of its points. */
export const point: string = '${JSON.stringify({ shape, space })}'

/** Its averaged parameters, 16 bits each, in base64url. */
export const parameters: string =
  '${toText(toHalves(parameters))}'
`,
  )
  await map.close()
  rmSync(folder, { recursive: true })
  console.log(`${name}: ${parameters.length} parameters`)
}
