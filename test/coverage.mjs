/** Prints what the tests have covered, by folder of `src`, from what `vitest --coverage` wrote. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const { total, ...files } = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8'))

/** A folder of `src`, or of the studio; files beside the folders are by themselves. */
const folderOf = path => {
  const parts = relative('src', path).split('/').slice(0, -1)
  return ['src', ...parts.slice(0, parts[0] === 'studio' ? 2 : 1)].join('/')
}

const folders = new Map()
for (const [path, { lines, branches }] of Object.entries(files)) {
  const name = folderOf(path)
  const sum = folders.get(name) ?? { lines: { total: 0, covered: 0 }, branches: { total: 0, covered: 0 } }
  folders.set(name, sum)
  for (const [key, { total, covered }] of Object.entries({ lines, branches })) {
    sum[key].total += total
    sum[key].covered += covered
  }
}

const percent = ({ total, covered }) => (total ? ((100 * covered) / total).toFixed(1) : '-')
console.log('| folder | lines, % | branches, % | lines in all |\n| --- | ---: | ---: | ---: |')
for (const [name, { lines, branches }] of [...[...folders].sort(), ['all', total]])
  console.log(`| \`${name}\` | ${percent(lines)} | ${percent(branches)} | ${lines.total} |`)
