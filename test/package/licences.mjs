// Which licences the packages have that are installed with this one: npm run licences. They are read from the bill of materials that
// `npm sbom` makes; one that is not known here is looked at by a person before it is added.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

const KNOWN = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  // libvips, a library of its own beside sharp.
  'LGPL-3.0-or-later',
])

const bill = JSON.parse(
  execFileSync('npm', ['sbom', '--omit', 'dev', '--omit', 'peer', '--sbom-format', 'cyclonedx'], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
    maxBuffer: 1e8,
  }),
)
const licenceOf = ({ licenses = [] }) =>
  licenses.map(({ license, expression }) => expression ?? license.id ?? license.name).join(' AND ')
const isKnown = licence =>
  licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some(choice => choice.split(' AND ').every(part => KNOWN.has(part)))

const byLicence = new Map()
for (const component of bill.components) {
  const licence = licenceOf(component)
  byLicence.set(licence, [...(byLicence.get(licence) ?? []), component])
}
for (const [licence, components] of [...byLicence].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(
    `${licence || 'none'}: ${components.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
  )
}
const unknown = [...byLicence.keys()].filter(licence => !isKnown(licence))
if (unknown.length > 0) {
  console.error(`licences: not known here: ${unknown.map(each => each || 'none').join(', ')}`)
  process.exit(1)
}
