import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { constant, DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { encodeNpy } from '../../src/data/npy.ts'
import { train } from '../../src/index.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { run, runHere } from '../helpers/cli.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'

const folder = temporaryFolder('bad-input')
const home = process.cwd()

const LONG_GRID = Array.from({ length: 40 }, (_, i) => 1 - i / 100).join(',')

/** The files that the cases below name, all in one folder. */
beforeAll(async () => {
  process.chdir(folder)
  const tiny = { objective: 'lsd', network: { hidden: 8, layers: 1 }, batch: 16, steps: 4 }
  const velocity = {
    ...tiny,
    objective: 'flow-matching',
    network: { ...tiny.network, conditioning: 's' },
  } as const
  const write = (name: string, content: string | Uint8Array) => writeFileSync(name, content)
  write('points3.csv', '1,2,3\n2,3,4\n4,1,2\n')
  write('points2.csv', '1,2\n2,3\n')
  write('text.npy', '1,2\n3,4\n5,6\n7,8\n')
  write('flat.npy', encodeNpy({ shape: [4], data: Float32Array.of(1, 2, 3, 4) }))
  await train(tiny, { directory: 'good' })
  await train({ ...tiny, initFrom: 'good', adapter: { rank: 1 } }, { directory: 'adapted' })
  await train({ ...velocity, data: 'points3.csv' }, { directory: 'teacher3' })
  await train({ ...velocity, interpolant: 'trig' }, { directory: 'teacher-trig' })

  const checkpoint = 'checkpoints/step-000004.safetensors'
  const damaged = (name: string, change: () => void) => {
    cpSync('good', name, { recursive: true })
    process.chdir(name)
    change()
    process.chdir('..')
  }
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  const retensor = (file: string, change: (container: ReturnType<typeof decodeSafetensors>) => object) => {
    const container = decodeSafetensors(readFileSync(file), file)
    writeFileSync(file, encodeSafetensors({ ...container, ...change(container) }))
  }
  damaged('config-cut', () => truncateSync('config.json', 200))
  damaged('config-list', () => writeFileSync('config.json', '[1, 2]'))
  damaged('config-bare', () =>
    writeFileSync('config.json', '{"oxbow": "0.1.0", "config": {}, "data": {"dimension": 2}}'),
  )
  damaged('config-key', () =>
    edit('config.json', text => text.replace('"batch": 16', '"batch": 16, "colour": 3')),
  )
  damaged('config-value', () => edit('config.json', text => text.replace('"batch": 16', '"batch": -16')))
  damaged('config-other', () => edit('config.json', text => text.replace('"hidden": 8', '"hidden": 9')))
  damaged('data-changed', () =>
    edit('config.json', text => text.replace(/"sha256": "..../, '"sha256": "0000')),
  )
  damaged('model-cut', () => truncateSync('model.safetensors', 2000))
  damaged('model-short', () => truncateSync('model.safetensors', 5))
  damaged('model-mangled', () => edit('model.safetensors', text => text))
  damaged('model-shape', () =>
    retensor('model.safetensors', ({ tensors }) => ({
      tensors: { ...tensors, '0.bias': { shape: [7], data: new Float32Array(7) } },
    })),
  )
  damaged('model-missing', () =>
    retensor('model.safetensors', ({ tensors: { '0.bias': _, ...tensors } }) => ({ tensors })),
  )
  damaged('model-foreign', () => retensor('model.safetensors', () => ({ metadata: { format: 'pt' } })))
  damaged('model-data', () =>
    retensor('model.safetensors', ({ metadata }) => ({ metadata: { ...metadata, data: '{}' } })),
  )
  damaged('no-model', () => rmSync('model.safetensors'))
  damaged('checkpoint-cut', () => truncateSync(checkpoint, 1000))
  damaged('checkpoint-garbage', () => writeFileSync(checkpoint, 'x'.repeat(500)))
  damaged('checkpoint-step', () =>
    retensor(checkpoint, ({ metadata }) => ({ metadata: { ...metadata, step: '3' } })),
  )
  damaged('checkpoint-shape', () =>
    retensor(checkpoint, ({ tensors }) => ({
      tensors: { ...tensors, 'map.second': { shape: [3], data: new Float32Array(3) } },
    })),
  )
  damaged('checkpoint-part', () =>
    retensor(checkpoint, ({ tensors: { 'map.average': _, ...tensors } }) => ({ tensors })),
  )

  mkdirSync('empty')
  mkdirSync('full')
  write('full/note.txt', 'mine')
  write('file', 'text')
  copyFileSync('good/model.safetensors', 'model.safetensors')
  copyFileSync('good/model.onnx', 'model.onnx')
  write('garbage.onnx', 'this is no model')
  write('garbage.safetensors', 'this is no model')
  const x = spec([DYNAMIC, 2])
  write('other.onnx', lower(simplify(trace(({ a }) => ({ b: a.mul(2) }), { a: x }))))
  const times = { x, s: spec([DYNAMIC]), t: spec([DYNAMIC]) }
  const narrow = trace(({ x, s, t }) => ({ y: x.sum(-1).add(s).sub(t).add(constant(1)) }), times)
  write('narrow.onnx', lower(simplify(narrow)))
  write('tabs.yaml', 'data: ring\nnetwork:\n\thidden: 3\n')
  write('open.yaml', 'data: ring\nnetwork: {hidden: 3\nbatch: 4\n')
  write('twice.yaml', 'batch: 4\nbatch: 5\n')
  write('two.yaml', 'batch: 4\n---\nbatch: 5\n')
  write('alias.yaml', 'network: *missing\n')
  write('list.yaml', '- batch\n- 4\n')
  write('nested.yaml', 'network: {hiden: 3}\n')
  write('types.yaml', 'network: {hidden: "16"}\n')
  write('blank.yaml', 'network:\nbatch: 4\n')
  write('proto.yaml', '__proto__: {batch: 4}\n')
  write('comparison.yaml', 'objectives: [lsd]\ntrainings: {steps: 3}\n')
  write('comparison-data.yaml', 'objectives: [lsd]\ntraining: {data: checkerboard}\n')
  write('csv-empty.csv', '')
  write('csv-header.csv', 'x,y\n')
  write('csv-one.csv', '1,2\n')
  write('csv-ragged.csv', 'x,y\n1,2\n3\n')
  write('csv-word.csv', 'x,y\n1,2\n3,four\n')
  write('csv-nan.csv', '1,2\n3,nan\n')
  write('csv-gap.csv', '1,2\n,4\n')
  write('csv-quote.csv', '1,2\n"3,4\n')
  write('csv-huge.csv', '1,2\n1e39,4\n')
  mkdirSync('folder.csv')
  mkdirSync('taken.csv')
}, 60_000)
afterAll(() => process.chdir(home))

/** A command line in words, and what its one line must say. */
const COMMANDS: [string, RegExp][] = [
  ['trian', /unknown command 'trian'.*train/],
  ['help trian', /unknown command 'trian'/],
  ['--verbose', /unknown option '--verbose'/],
  ['sample', /missing required argument 'model'/],
  ['sample good extra', /too many arguments for 'sample'.*Expected 1.*got 2/],
  ['sample good --stepz 3', /unknown option '--stepz'.*--steps/],
  ['sample good --steps', /option '--steps <list>' argument missing/],
  ['sample good --steps 0', /--steps: expected a whole number from 1 to 10000, found "0"/],
  ['sample good --steps 1.5', /--steps: expected a whole number.*found "1\.5"/],
  ['sample good --count 0', /--count: expected a whole number from 1 to 10000000, found "0"/],
  ['sample good --count -3', /--count: expected a whole number.*found "-3"/],
  ['sample good --count 1e99', /--count: expected a whole number.*found "1e99"/],
  ['sample good --count nan', /--count: expected a whole number.*found "nan"/],
  ['sample good --seed x', /--seed: expected a whole number of at least 0, found "x"/],
  ['sample good --method rk5', /--method: expected one of auto, jump, renoise, .*adaptive, found "rk5"/],
  ['sample good --weights mean', /good: keeps no weights "mean"; it has raw, ema/],
  ['sample good --weights power:0.5', /--weights: expected ema, raw, .*at most 0\.2887; found "power:0.5"/],
  ['sample good --weights power:0.1', /good: keeps no power-law averages; train with/],
  ['sample good --out points.txt', /--out points\.txt: expected a name ending in \.csv, \.npy, \.svg, \.png/],
  [
    'sample good --out file/points.csv',
    /file\/?.*: a part of the path is a file, expected a directory|file: already exists and is not a directory/,
  ],
  ['sample good --out taken.csv', /taken\.csv: is a directory, expected a file/],
  ['evaluate good --steps 1,x', /--steps: expected a whole number from 1 to 10000, found "x"/],
  ['evaluate good --steps 1,,2', /--steps: expected a whole number.*found ""/],
  ['evaluate good --count 1', /^oxbow: --count: expected a whole number from 2 to \d+, found 1/],
  ['sample good --seed 1e20', /--seed: expected a whole number from 0 to 9007199254740991, found "1e20"/],
  ['export good --format pt', /--format: expected onnx or safetensors or npz or training, found "pt"/],
  ['export good --out file/m.onnx', /file.*(is a file, expected a directory|is not a directory)/],
  ['objectives lds', /objective: unknown objective "lds" \(did you mean lsd\?\); known: flow-matching, /],
  ['bench --rounds 0', /--rounds: expected a whole number from 1 to 1000, found "0"/],
]

const GRIDS: [string, RegExp][] = [
  ['sample good --grid', /option '--grid <times>' argument missing/],
  [
    'sample good --grid 1,x,0',
    /--grid: expected times such as 1,0\.5,0, a file .* or a grid such as karras:10 .*, found "x"/,
  ],
  ['sample good --grid 1,,0', /--grid: expected times such as 1,0\.5,0, .*, found ""/],
  ['sample good --grid 1', /grid 1: expected at least two times, e\.g\. 1,0/],
  ['sample good --grid 1.5,0', /grid 1\.5,0: expected times from 0 \(data\) to 1 \(noise\), found 1\.5/],
  ['sample good --grid 1,-0.5', /grid 1,-0\.5: expected times from 0 .* found -0\.5/],
  [
    'sample good --grid 1,0.5,0.5,0',
    /grid 1,0\.5,0\.5,0: .*only decrease or only increase, found 0\.5 after 0\.5/,
  ],
  [
    'sample good --grid 1,0,1',
    /grid 1,0,1: expected times that only decrease or only increase, found 1 after 0/,
  ],
  ['sample good --grid 1,0 --steps 2', /option '--grid <times>' cannot be used with option '--steps <list>'/],
  [
    'sample good --grid 0.5,0',
    /--grid: sampling from noise starts at 1, found a grid that starts at 0\.5, where some data is left; give its points with --start/,
  ],
  [
    'sample good --method renoise --grid 1,0.5',
    /renoise: expected to start at 1 .* and to end at 0 .*, found 1 to 0\.5/,
  ],
  [
    'sample good --start points2.csv --grid 0,1 --out a.csv',
    /lsd is trained to jump towards data only \(t < s\), not from 0 to 1; trained both ways: .*; --method heun follows the velocity/,
  ],
  [
    'sample model.onnx --start points2.csv --grid 0,1 --out a.csv',
    /lsd is trained to jump towards data only \(t < s\), not from 0 to 1/,
  ],
  ['sample good --start points2.csv --grid 0.5,0', /--out is needed with --start, e\.g\. --out samples\.csv/],
  [`sample good --grid ${LONG_GRID}`, /--out is needed with a grid as long as this/],
  [
    'sample good --start points2.csv --count 5',
    /option '--start <file>' cannot be used with option '--count <n>'/,
  ],
  ['sample good --start points3.csv --out a.csv', /points3\.csv: has points of 3 coordinates, good of 2/],
  ['sample good --start nowhere.csv --out a.csv', /nowhere\.csv: no such file/],
  [
    'sample good --start csv-word.csv --out a.csv',
    /csv-word\.csv: row 3, column 2 \("y"\): expected a number/,
  ],
  ['sample good --start text.npy --out a.csv', /text\.npy: not an NPY file: it is text/],
  ['sample good --start flat.npy --out a.csv', /flat\.npy: has points of 1 coordinates/],
  [
    'evaluate good --grid 1,0.5',
    /grid 1,0\.5: expected to start at 1 \(noise\) and to end at 0 \(data\), found 1 to 0\.5/,
  ],
  ['evaluate good --grid 0,1', /grid 0,1: expected to start at 1 .* found 0 to 1/],
  ['evaluate good --grid 1,0 --grid 1,0.2,0.4,0', /grid 1,0\.2,0\.4,0: .*found 0\.4 after 0\.2/],
  [
    'evaluate good --grid 1,0 --steps 1',
    /option '--grid <times>' cannot be used with option '--steps <list>'/,
  ],
]

/** An adapter where a model or a run is expected. */
const alone = (line: string): [string, RegExp] => [
  line,
  /adapted\/adapter\.safetensors: is an adapter, which is no model without its base; use the run that it was trained in, or "oxbow merge BASE adapted\/adapter\.safetensors --out RUN" makes a run of both/,
]

const TRAINING: [string, RegExp][] = [
  ['train --lr', /option '--lr <x>' argument missing/],
  ['train --reusme', /--reusme needs a value \(did you mean --resume\?\)/],
  ['train lsd', /unexpected argument "lsd"; options look like --key value/],
  ['train --stepz 5', /unknown key stepz \(did you mean steps\?\)/],
  ['train --activation relu', /unknown key activation \(did you mean network\.activation\?\)/],
  ['train --network.hiden 5', /unknown key network\.hiden \(did you mean network\.hidden\?\)/],
  ['train --constructor.x 5', /unknown option --constructor\.x/],
  [
    'train --steps 0',
    /steps: 0 is only useful with --init-from RUN.*expected at least 1, or --init-from RUN/,
  ],
  ['train --steps -1', /steps: expected number to be >=0, found -1/],
  ['train --recompute', /^oxbow: --recompute needs a value: true or false$/m],
  ['train --recompute [1,2]', /recompute: expected true or false, found \[1,2\]/],
  [
    'train --powerAverages 0.05,0.1',
    /powerAverages: expected a list such as \[0\.05,0\.1\], found "0\.05,0\.1"/,
  ],
  ['train --powerAverages 0.05', /powerAverages: expected a list such as \[0\.05\], found 0\.05/],
  ['train --powerAverages [0.05', /powerAverages: expected a list, found "\[0\.05"/],
  ['train --guidance.range 1,4', /guidance\.range: expected a list such as \[1,4\], found "1,4"/],
  ['train --steps 2.5', /steps: expected int, found 2\.5/],
  ['train --steps many', /steps: expected number, found "many"/],
  ['train --batch -4', /batch: expected number to be >0, found -4/],
  ['train --batch 1e9', /batch: expected number to be <=1000000, found 1000000000/],
  ['train --lr 0', /optimizer\.learningRate: expected number to be >0, found 0/],
  ['train --lr .nan', /optimizer\.learningRate: expected number, found NaN/],
  ['train --lr 1e999', /optimizer\.learningRate: expected number, found Infinity/],
  ['train --seed 0.5', /seed: expected an integer, found 0\.5/],
  [
    'train --seed 1e300',
    /: seed: expected an integer from -9007199254740991 to 9007199254740991, found 1e\+300/,
  ],
  ['train --ema 1', /ema: expected number to be <1, found 1/],
  ['train --network 5', /network: expected a block of keys, found 5/],
  [
    'train --network.activation relu',
    /network\.activation: expected one of "silu"\|"gelu"\|"tanh", found "relu"/,
  ],
  [
    'train --times.between [0.8,0.2]',
    /times\.between: expected two fractions in rising order, found \[0\.8,0\.2\]/,
  ],
  ['train --objective lsd --options.space map', /options\.space: lsd has no such option/],
  ['train --objective psd --options.space torus', /options\.space: expected one of.*found "torus"/],
  ['train --objective lds', /objective: unknown objective "lds" \(did you mean lsd\?\)/],
  ['train --data rign', /unknown dataset "rign"; did you mean "ring"\?/],
  ['train --objective lmd', /teacher: lmd needs a teacher; train one with/],
  ['train --objective lsd --teacher exact', /teacher: lsd does not use a teacher; objectives that do: .*lmd/],
  ['train --objective lmd --teacher nowhere', /teacher: nowhere: no such run/],
  ['train --objective lmd --teacher empty', /teacher: empty: not a run directory \(it has no config\.json\)/],
  ['train --objective lmd --teacher model-cut', /teacher: model-cut\/model\.safetensors: .*cut short/],
  ['train --objective lmd --teacher teacher3', /teacher: teacher3 has points of 3 coordinates, ring of 2/],
  [
    'train --objective lmd --teacher teacher-trig',
    /teacher: teacher-trig was trained on the trig path, this run is on linear/,
  ],
  ['train --init-from nowhere', /initFrom: nowhere: no such run/],
  ['train --init-from points3.csv', /initFrom: points3\.csv: expected a run directory or a \.safetensors/],
  ['train --init-from teacher3', /initFrom: teacher3 has points of 3 coordinates, ring of 2/],
  [
    'train --init-from teacher-trig --interpolant linear',
    /initFrom: teacher-trig was trained on the trig path, this run is on linear/,
  ],
  [
    'train --init-from teacher-trig --network.hidden 9',
    /initFrom: teacher-trig cannot start this run: network\.hidden is 8 there and 9 here/,
  ],
  [
    'train --init-from teacher-trig --network.conditioning decoupled',
    /initFrom: teacher-trig cannot start this run: .*train it with --network\.injection layers/,
  ],
  [
    'train --objective lmd --teacher exact --data checkerboard',
    /teacher: exact needs a Gaussian mixture or a language with a known distribution, but checkerboard is neither/,
  ],
  ['train --objective lsd --diagonal.fraction 1', /diagonal\.fraction: with 1, no samples are left for lsd/],
  [
    'train --objective flow-matching --diagonal.fraction 0.5',
    /diagonal\.fraction: flow-matching consists only of a diagonal term and needs 1, found 0\.5/,
  ],
  [
    'train --objective meanflow --diagonal.fraction 0.5',
    /diagonal\.fraction: 0\.5 of the batch has no diagonal term/,
  ],
  ['train --network.conditioning s', /network\.conditioning: "s" gives a velocity network/],
  [
    'train --network.conditioning decoupled',
    /network\.injection: "decoupled" shows each layer one of the times and needs "layers", found "input"/,
  ],
  [
    'train --network.sourceLayers 1',
    /network\.sourceLayers: only the conditioning "decoupled" divides the layers; found 1 with "s,t"/,
  ],
  [
    'train --objective lsd --network.conditioning decoupled --network.injection layers --network.sourceLayers 3',
    /network\.sourceLayers: expected 1 to 2, so that the last of the 3 linear layers sees t; found 3/,
  ],
  ['train --network.sourceLayers 0', /network\.sourceLayers: expected number to be >0, found 0/],
  ['train --ema 0', /target: "ema" needs ema above 0; use target: student/],
  ['train --objective lsd --batch 2', /batch: 2 is too small for a diagonal fraction of 0\.3/],
  ['train --steps 10 --schedule.warmup 20', /schedule\.warmup: 20 is more than the 10 steps of the run/],
  [
    'train --objective psd --network.parameterization denoised --times.minimum 0',
    /times\.minimum: the denoised parameterization divides by s/,
  ],
  ['train --out file', /file: is a file, expected a directory for the run/],
  ['train --out file/run', /file\/run: a part of the path is a file, expected a directory/],
  ['train --out full', /full: is not empty and holds no run; choose another --out/],
  ['train --out good', /good: already holds a run; pass --resume to continue it, or another --out/],
]

const CONFIGS: [string, RegExp][] = [
  ['train --config nowhere.yaml', /--config nowhere\.yaml: no such file/],
  ['train --config empty', /--config empty: is a directory, expected a YAML file/],
  ['train --config tabs.yaml', /--config tabs\.yaml \(line 3\): not valid YAML: /],
  ['train --config open.yaml', /--config open\.yaml \(line [234]\): not valid YAML: /],
  [
    'train --config twice.yaml',
    /--config twice\.yaml \(line 2\): not valid YAML: the key "batch" is there twice/,
  ],
  [
    'train --config two.yaml',
    /--config two\.yaml \(line 2\): not valid YAML: expected one document, found several/,
  ],
  ['train --config alias.yaml', /--config alias\.yaml.*: not valid YAML: the alias \*missing has no anchor/],
  ['train --config list.yaml', /--config list\.yaml: expected keys and values, found \["batch",4\]/],
  ['train --config nested.yaml', /unknown key network\.hiden \(did you mean network\.hidden\?\)/],
  ['train --config types.yaml', /network\.hidden: expected number, found "16"/],
  ['train --config blank.yaml', /network: expected a block of keys, found null/],
  ['train --config proto.yaml', /unknown key __proto__/],
  ['compare', /--objectives is needed, e\.g\. --objectives psd,lsd,meanflow/],
  ['compare --objectives lsd,nope', /objective: unknown objective "nope"/],
  ['compare --objectives lsd,lsd', /objectives: lsd is listed twice/],
  ['compare --objectives lsd --seeds 0', /--seeds: expected a whole number from 1 to 100, found "0"/],
  ['compare --objectives lsd --count 5', /--count: expected a whole number from 100/],
  [
    'compare --objectives lsd --training.stepz 5',
    /training of lsd: unknown key stepz \(did you mean steps\?\)/,
  ],
  ['compare --objectives lsd --data nope', /unknown dataset "nope"/],
  ['compare --objectives lmd --data checkerboard --teacher exact', /teacher: exact needs a Gaussian mixture/],
  ['compare --objectives lsd --out file', /file: is a file, expected a directory/],
  ['compare --config comparison.yaml', /unknown key trainings of a comparison; known: .*training/],
  ['compare --config comparison-data.yaml', /training\.data: is the same for all runs of a comparison/],
]

const TABLES: [string, RegExp][] = [
  ['train --data nowhere.csv', /nowhere\.csv: no such file/],
  ['train --data folder.csv', /folder\.csv: is a folder, expected a file/],
  ['train --data csv-empty.csv', /csv-empty\.csv: the file is empty/],
  ['train --data csv-header.csv', /csv-header\.csv: expected at least 2 rows of numbers, found 0/],
  ['train --data csv-one.csv', /csv-one\.csv: expected at least 2 rows of numbers, found 1/],
  ['train --data csv-ragged.csv', /csv-ragged\.csv: row 3: expected 2 columns, found 1/],
  ['train --data csv-word.csv', /csv-word\.csv: row 3, column 2 \("y"\): expected a number, found "four"/],
  ['train --data csv-nan.csv', /csv-nan\.csv: row 2, column 2: expected a finite number, found nan/],
  ['train --data csv-gap.csv', /csv-gap\.csv: row 2, column 1: expected a number, found an empty cell/],
  ['train --data csv-quote.csv', /csv-quote\.csv: .*[Qq]uote/],
  ['train --data csv-huge.csv', /csv-huge\.csv: row 2, column 1: expected a number within/],
  ['train --data.mixture.components []', /mixture\.components: /],
  [
    'train --data.ring 3',
    /data: expected a name or a block with one key of mixture, gaussian, glyphs, energy, markov, csv/,
  ],
]

const RUNS: [string, RegExp][] = [
  ['sample nowhere', /nowhere: no such run or model/],
  ['sample no-model', /no-model: the run has no model yet; finish it with --resume/],
  ['sample empty', /empty: not a run directory \(it has no config\.json\)/],
  ['sample file --out a.csv', /file: expected a run directory or a \.safetensors model, found another file/],
  ['sample nowhere.onnx --out a.csv', /nowhere\.onnx: no such file/],
  ['sample nowhere.safetensors --out a.csv', /nowhere\.safetensors: no such file/],
  ['sample model.onnx', /--out is needed to sample model\.onnx/],
  ['sample model.onnx --method heun --out a.csv', /model\.onnx: an ONNX file holds only the jump/],
  ['sample model.onnx --weights raw --out a.csv', /model\.onnx: raw weights are in a run's checkpoints/],
  [
    'sample model.safetensors --weights raw --out a.csv',
    /model\.safetensors: raw weights are in a run's checkpoints/,
  ],
  ['sample garbage.onnx --out a.csv', /garbage\.onnx: not an ONNX model that can be run/],
  [
    'sample other.onnx --out a.csv',
    /other\.onnx: expected inputs x \[batch, \.\.\.D\], s \[batch\], t \[batch\] of float32, and at most class \[batch\] of int64, or vector \[batch, K\] and none \[batch\], or condition \[batch, K\] and tau \[batch\], and w \[batch\], and low \[batch\] and high \[batch\]; found a float32\[batch, 2\]/,
  ],
  ['sample narrow.onnx --out a.csv', /narrow\.onnx: .*no flow map/],
  ['sample garbage.safetensors --out a.csv', /garbage\.safetensors: not a safetensors file, or cut short/],
  ['sample config-cut', /config-cut\/config\.json: not valid JSON/],
  ['sample config-list', /config-list\/config\.json: not the record of a run/],
  [
    'sample config-bare',
    /config-bare\/config\.json: not the record of a run \(data\.name is missing or wrong\)/,
  ],
  ['sample config-key', /config-key\/config\.json: unknown key colour/],
  ['sample config-value', /config-value\/config\.json: batch: expected number to be >0, found -16/],
  [
    'sample config-other --weights raw',
    /config-other\/config\.json: was changed since it was written, and says how the raw weights are read/,
  ],
  [
    'sample model-cut',
    /model-cut\/model\.safetensors: tensor .*cut short|model-cut\/model\.safetensors: not a safetensors file, or cut short/,
  ],
  ['sample model-short', /model-short\/model\.safetensors: 5 bytes are too few for a safetensors file/],
  ['sample model-mangled', /model-mangled\/model\.safetensors: /],
  ['sample model-shape', /model-shape\/model\.safetensors: tensor 0\.bias: expected \[8\], found \[7\]/],
  [
    'sample model-missing',
    /model-missing\/model\.safetensors: tensor 0\.bias: expected \[8\], found nothing/,
  ],
  ['sample model-foreign', /model-foreign\/model\.safetensors: not an Oxbow model/],
  ['sample model-data', /model-data\/model\.safetensors: the record of its data is damaged \(name\)/],
  [
    'sample checkpoint-cut --weights raw',
    /checkpoint-cut\/checkpoints\/step-000004\.safetensors: .*cut short/,
  ],
  ['evaluate nowhere', /nowhere: no such run/],
  ...['sample adapted/adapter.safetensors', 'sample adapted/adapter.safetensors --out a.csv'].map(alone),
  ...['evaluate adapted/adapter.safetensors', 'export adapted/adapter.safetensors'].map(alone),
  ...['report adapted/adapter.safetensors', 'train --init-from adapted/adapter.safetensors'].map(alone),
  ['evaluate full', /full: not a run directory/],
  ['evaluate model.onnx', /model\.onnx: expected a run directory, found a file/],
  ['evaluate good --data points3.csv', /data: points3\.csv has 3 coordinates, the run 2/],
  ['evaluate good --data rign', /unknown dataset "rign"; did you mean "ring"\?/],
  ['evaluate data-changed', /data-changed: the data has changed since the run/],
  [
    'evaluate checkpoint-shape',
    /checkpoint-shape\/checkpoints\/step-000004\.safetensors: tensor map\.second: expected F32 of \[\d+\], found \[3\]/,
  ],
  ['export model.onnx', /model\.onnx: expected a run directory or a \.safetensors model, found another file/],
  ['export model-cut', /model-cut\/model\.safetensors: .*cut short/],
  ['train --resume --out nowhere', /nowhere: no run to resume/],
  ['train --resume --out full', /full: no run to resume/],
  [
    'train --resume --out good --batch 64',
    /batch: cannot change when a run is resumed \(recorded 16, asked 64\); only steps, logEvery, checkpointEvery, chunk, log can/,
  ],
  [
    'train --resume --out good --objective psd',
    /objective, options\.space: cannot change when a run is resumed \(recorded "lsd" \/ nothing, asked/,
  ],
  [
    'train --resume --out good --seed 5',
    /seeds\.data, seeds\.noise, seeds\.initialization: cannot change when a run is resumed \(recorded 0 \/ 0 \/ 0, asked 5 \/ 5 \/ 5\)/,
  ],
  ['train --resume --out good --steps 2', /steps: the run is already at step 4, more than the 2 asked for/],
  ['train --resume --out data-changed', /config\.json: data\.fingerprint\.sha256 was changed from/],
  ['train --resume --out config-cut', /config-cut\/config\.json: not valid JSON/],
  ['train --resume --out config-other', /config\.json: network\.hidden was changed from 8 to 9/],
  [
    'train --resume --out checkpoint-cut',
    /step-000004\.safetensors: .*cut short.*; nothing is left to resume/,
  ],
  ['train --resume --out checkpoint-garbage', /step-000004\.safetensors: not a safetensors file/],
  ['train --resume --out checkpoint-step', /step-000004\.safetensors: not the checkpoint of step 4/],
  ['train --resume --out checkpoint-shape', /tensor map\.second: expected F32 of \[\d+\], found \[3\]/],
  [
    'train --resume --out checkpoint-part',
    /checkpoint-part: the checkpoint has 0 numbers of map\.average, the network needs \d+/,
  ],
]

const all = { COMMANDS, GRIDS, TRAINING, CONFIGS, TABLES, RUNS }

describe.each(Object.entries(all))('%s', (_, cases) => {
  test.each(some(cases))('oxbow %s', async (line, pattern) => {
    const words = line.split(' ')
    const before = snapshot(folder)
    const { code, stdout, stderr } = await runHere(words)
    expect(stderr).toMatch(/^oxbow: [^\n]+\n$/)
    expect(stderr).toMatch(pattern)
    expect(stderr).not.toMatch(/^oxbow: error| {4}at |\.[jt]s:\d|undefined|\[object/)
    expect(stdout).toBe('')
    expect(code).toBe(2)

    // Not last, where an option whose value is missing would take it.
    const machine = await runHere(words.toSpliced(/^(help|--)/.test(line) ? 2 : 1, 0, '--json'))
    expect(machine.code).toBe(2)
    const document = JSON.parse(machine.stdout)
    expect(document).toEqual({
      error: { code: expect.stringMatching(/^\w+$/), message: stderr.slice(7, -1) },
    })
    expect(machine.stdout.trim()).not.toContain('\n')
    expect(snapshot(folder)).toEqual(before)
  })
})

test('--debug shows where a failure came from', async () => {
  const { code, stderr } = await runHere(['train', '--data', 'rign', '--debug'])
  expect(stderr).toMatch(/^DataError: unknown dataset "rign".*\n {4}at /)
  expect(code).toBe(2)
})

test('no arguments show the help and fail', async () => {
  const { code, stdout, stderr } = await runHere([])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('Usage: oxbow')
})

describe('as a process of its own', () => {
  const cases = [
    ['trian', /^oxbow: unknown command 'trian'/],
    ['train --objective lds', /^oxbow: objective: unknown objective "lds"/],
    ['sample garbage.onnx --out a.csv', /^oxbow: garbage\.onnx: not an ONNX model that can be run/],
    ['train --resume --out checkpoint-cut', /^oxbow: .*cut short/],
  ] as [string, RegExp][]
  test.concurrent.each(some(cases))('oxbow %s', async (line, pattern) => {
    const { code, stdout, stderr } = await run([...line.split(' '), '--json'], { cwd: join(folder) })
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toMatch(pattern)
    expect(Object.keys(JSON.parse(stdout))).toEqual(['error'])
    expect(code).toBe(2)
  })
})
