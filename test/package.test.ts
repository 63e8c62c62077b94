import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { long } from './helpers/long.ts'

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

long('the package holds neither source maps nor tests', () => {
  const command = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }]: Packed[] = JSON.parse(
    execFileSync('npm', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], shell: true }),
  )
  const paths = files.map(({ path }) => path)
  expect(paths).toContain('package.json')
  expect(paths).toContain('dist/studio/site/licences.txt')
  expect(paths.filter(path => /\.map$|^test\/|\.tsx?$/.test(path.replace(/\.d\.ts$/, '')))).toEqual([])
})
