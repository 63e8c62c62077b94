// Lays out what `npm publish` takes, in release/: npm run release [-- TARGET ...]
//
//   release/oxbow-engine-PLATFORM-ARCH   the compiled engine for one platform
//   release/oxbow                        the package, which asks npm for the engine of the platform that it is installed on
//
// All platforms are compiled here by Zig 0.17.1 (python3 -m pip install ziglang==0.17.1; ZIG names another command). TARGET is one of
// those below; all by default. What is published and in which order is printed at the end.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { include_dir } from 'node-api-headers'
import { addonUnit, FLAGS, unitsFor } from './flags.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(HERE, '..')
const OUT = join(ROOT, 'release')
/** As Zig names them; glibc of 2018, which Node 20 needs at least. */
const TARGETS = {
  'linux-x64': { zig: 'x86_64-linux-gnu.2.28', libc: 'glibc' },
  'linux-arm64': { zig: 'aarch64-linux-gnu.2.28', libc: 'glibc' },
  'darwin-x64': { zig: 'x86_64-macos' },
  'darwin-arm64': { zig: 'aarch64-macos' },
  'win32-x64': { zig: 'x86_64-windows-gnu' },
}

const [zig, ...first] = (process.env.ZIG ?? 'python3 -m ziglang').split(' ')
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const asked = process.argv.slice(2)
const unknown = asked.find(name => !TARGETS[name])
if (unknown) {
  console.error(`release: no target ${unknown}; known: ${Object.keys(TARGETS).join(', ')}`)
  process.exit(2)
}
const names = asked.length > 0 ? asked : Object.keys(TARGETS)
const {
  version,
  license,
  description: _,
  ...rest
} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'oxbow-release-'))

/** What a linker needs of Node, which has the symbols: Windows wants their names. */
function linkFlags(platform) {
  if (platform === 'darwin') return ['-undefined', 'dynamic_lookup']
  if (platform === 'linux') return ['-lpthread']
  const library = join(work, 'node_api.lib')
  const symbols = join(dirname(include_dir), 'def', 'node_api.def')
  run(zig, [...first, 'dlltool', '-d', symbols, '-l', library, '-m', 'i386:x86-64', '-D', 'node.exe'])
  return [library]
}

function compile(name, out) {
  const [platform, arch] = name.split('-')
  const target = ['-target', TARGETS[name].zig]
  const flags = platform === 'win32' ? FLAGS.filter(flag => flag !== '-fPIC') : FLAGS
  const objects = [...unitsFor(arch), addonUnit(include_dir)].map(unit => {
    const object = join(work, `${name}-${unit.name}.o`)
    run(
      zig,
      [...first, 'c++', ...target, '-O3', ...flags, ...unit.flags, '-c', unit.source, '-o', object],
      HERE,
    )
    return object
  })
  run(
    zig,
    [
      ...first,
      'c++',
      ...target,
      '-shared',
      '-s',
      '-o',
      join(out, 'oxbow.node'),
      ...objects,
      ...linkFlags(platform),
    ],
    HERE,
  )
}

for (const name of names) {
  const [os, cpu] = name.split('-')
  const { libc } = TARGETS[name]
  const out = join(OUT, `oxbow-engine-${name}`)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  compile(name, out)
  // What a linker leaves beside it on Windows.
  for (const file of readdirSync(out)) if (file !== 'oxbow.node') rmSync(join(out, file))
  const manifest = {
    name: `oxbow-engine-${name}`,
    version,
    description: `The compiled engine of Oxbow for ${name}.`,
    license,
    publishConfig: rest.publishConfig,
    main: 'oxbow.node',
    files: ['oxbow.node'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
  }
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  console.log(`release/oxbow-engine-${name}`)
}

// The package as npm packs it, which then asks for the engines.
const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], ROOT))
rmSync(join(OUT, 'oxbow'), { recursive: true, force: true })
mkdirSync(join(OUT, 'oxbow'), { recursive: true })
run('tar', ['-xzf', join(work, filename), '-C', join(OUT, 'oxbow'), '--strip-components=1'])
const { scripts: __, devDependencies: ___, ...published } = rest
const optionalDependencies = Object.fromEntries(names.map(name => [`oxbow-engine-${name}`, version]))
const files = [...published.files, 'sbom.cdx.json']
const manifest = { ...published, files, version, license, description: _, optionalDependencies }
writeFileSync(join(OUT, 'oxbow', 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
// The bill of materials of what is installed with it.
const bill = run('npm', ['sbom', '--omit', 'dev', '--omit', 'peer', '--sbom-format', 'cyclonedx'], ROOT)
writeFileSync(join(OUT, 'oxbow', 'sbom.cdx.json'), bill)
rmSync(work, { recursive: true })
console.log('release/oxbow\nThe engines first, then the package:')
for (const name of [...names.map(name => `oxbow-engine-${name}`), 'oxbow'])
  console.log(`  npm publish release/${name}`)
