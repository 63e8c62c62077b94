import { execFileSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import { skippedBrowsers, withoutChromium, withoutFirefox, withoutWebKit } from './helpers/browsers.ts'

const MISSING = '/nowhere/browser'
const VARIABLES = ['CHROMIUM', 'FIREFOX', 'MINIBROWSER', 'WEBKITDRIVER', 'XVFB'] as const

/** The environment in which some of the browsers are there, and the others are not. */
function stub(there: readonly string[], ci?: string): void {
  vi.stubEnv('CI', ci)
  for (const name of VARIABLES) vi.stubEnv(name, there.includes(name) ? process.execPath : MISSING)
}

const ALL = 'skipped: all tests of pages, because Chromium is not installed'
const FIREFOX = 'skipped: the tests in Firefox, because '
const WEBKIT = 'skipped: the tests in WebKit, because '

describe('tests in browsers that are not installed are skipped with a message', () => {
  test.each([
    [[], [ALL]],
    [['FIREFOX', 'XVFB'], [ALL]],
    [
      ['CHROMIUM'],
      [
        `${FIREFOX}Firefox and Xvfb are not installed`,
        `${WEBKIT}WebKit and WebKitWebDriver and Xvfb are not installed`,
      ],
    ],
    [
      ['CHROMIUM', 'FIREFOX'],
      [`${FIREFOX}Xvfb is not installed`, `${WEBKIT}WebKit and WebKitWebDriver and Xvfb are not installed`],
    ],
    [['CHROMIUM', 'FIREFOX', 'XVFB', 'WEBKITDRIVER'], [`${WEBKIT}WebKit is not installed`]],
    [['CHROMIUM', 'MINIBROWSER', 'WEBKITDRIVER', 'XVFB'], [`${FIREFOX}Firefox is not installed`]],
    [[...VARIABLES], []],
  ])('with %j', (there, lines) => {
    stub(there)
    expect(skippedBrowsers()).toEqual(lines)
    expect(withoutChromium()).toBe(lines.includes(ALL))
    vi.unstubAllEnvs()
  })

  test('but not where a change is judged', () => {
    stub([], 'true')
    expect([skippedBrowsers(), withoutChromium(), withoutFirefox(), withoutWebKit()]).toEqual([
      [],
      false,
      false,
      false,
    ])
    vi.unstubAllEnvs()
  })

  test.each([
    ['without Firefox and WebKit', { FIREFOX: MISSING, WEBKITDRIVER: MISSING }],
    ['without any browser', { CHROMIUM: MISSING, FIREFOX: MISSING, XVFB: MISSING }],
  ])('and a file of nothing else passes: %s', (_, missing) => {
    const { CI: _ci, OXBOW_TESTS_SKIPPED: _told, ...rest } = process.env
    const args = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'pages',
      'test/studio/browser/engines.test.ts',
    ]
    const output = execFileSync(process.execPath, args, {
      env: { ...rest, ...missing, OXBOW_TESTS: 'all' },
      encoding: 'utf8',
    })
    expect(output).toMatch(/Tests .*14 skipped/)
  })
})
