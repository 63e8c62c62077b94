import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import type { Sharp } from 'sharp'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { fileError, fileSize, statPath } from '../file.ts'
import { joinHashes } from '../hash.ts'
import { kindOf, named } from '../sniff.ts'
import type { Source } from '../source.ts'

const side = z.int().min(1).max(1024)

export const imagesSchema = z.strictObject({
  path: z.string().min(1),
  /** Of every picture: a number, or height and width. */
  size: z
    .union([side, z.tuple([side, side])], {
      error: 'expected a number of pixels to 1024, or [height, width]',
    })
    .optional(),
  crop: z.enum(['center', 'none']).default('center'),
  color: z.enum(['colour', 'color', 'grey', 'gray']).default('colour'),
})

type ImagesOptions = z.output<typeof imagesSchema>

const PICTURE = /\.(png|jpe?g|webp)$/i
const DEEPEST = 8
/** A larger picture, a larger file, is not decoded. */
const MOST_PIXELS = 2 ** 26
const MOST_BYTES = 2 ** 28
/** Pictures that are decoded at the same time. */
const AHEAD = 4

interface Picture {
  readonly path: string
  /** Below the folder, with `/` on every system. */
  readonly name: string
}

/** A folder of pictures; those of a subfolder are of one class, named after it. */
export function imagesSource(options: ImagesOptions): Source {
  const { path, size, crop, color } = options
  const pictures = findPictures(path)
  const classes = classesOf(path, pictures)
  return {
    file: path,
    name: basename(realpathSync(path)),
    files: pictures.map(picture => picture.path),
    options: { images: { size, crop, color } },
    async read(sink) {
      const hashes: { name: string; sha256: string }[] = []
      const channels = color.startsWith('gr') ? 1 : 3
      let image: readonly [number, number, number] | undefined
      for await (const { pixels, height, width, sha256, name } of decoded(pictures, options)) {
        if (!image) {
          image = [height, width, channels]
          const dimension = height * width * channels
          sink.begin({
            dimension,
            shape: image,
            bytes: true,
            labelled: classes !== undefined,
            warnings: sidesOf(path, pictures),
          })
        } else if (height !== image[0] || width !== image[1]) {
          throw new DataError(
            `${join(path, name)}: is ${height} x ${width}, the first picture ${image[0]} x ${image[1]}; give all one size, e.g. size: ${Math.min(image[0], image[1])} (--data.images.size ${Math.min(image[0], image[1])})`,
          )
        }
        sink.push(pixels, classes && [name.slice(0, name.indexOf('/'))])
        hashes.push({ name, sha256 })
      }
      return joinHashes(hashes)
    },
  }
}

/** All pictures below a folder, in the order of their names; hidden files and other files are left out. */
function findPictures(folder: string): Picture[] {
  if (!statPath(folder).isDirectory()) {
    throw new DataError(`${folder}: expected a folder of pictures, found a file`)
  }
  const root = realpathSync(folder)
  const found: Picture[] = []
  const walk = (path: string, prefix: string, depth: number): void => {
    if (depth > DEEPEST) throw new DataError(`${path}: lies more than ${DEEPEST} folders deep`)
    const names = readdirSync(path).filter(name => !name.startsWith('.'))
    for (const name of names.sort()) {
      const at = join(path, name)
      // What is not UTF-8 reads as U+FFFD, by which the file is not found again and two classes would be one.
      if (name.includes('\ufffd')) throw new DataError(`${at}: its name is not UTF-8; rename it`)
      const stats = statPath(at)
      if (!stats.isDirectory() && !PICTURE.test(name)) continue
      const real = realpathSync(at)
      if (real !== root && !real.startsWith(root + sep)) {
        throw new DataError(`${at}: is a link that leads out of ${folder}`)
      }
      if (stats.isDirectory()) walk(at, `${prefix}${name}/`, depth + 1)
      else found.push({ path: at, name: `${prefix}${name}` })
    }
  }
  try {
    walk(folder, '', 0)
  } catch (error) {
    throw fileError(folder, error)
  }
  if (found.length === 0) throw new DataError(`${folder}: holds no picture (.png, .jpg, .jpeg or .webp)`)
  return found
}

/** The classes by the subfolders; `undefined` where there are none. */
function classesOf(folder: string, pictures: readonly Picture[]): true | undefined {
  const inside = pictures.filter(({ name }) => name.includes('/')).length
  if (inside === 0) return undefined
  if (inside === pictures.length) return true
  throw new DataError(
    `${folder}: holds pictures itself and in subfolders, which would be classes; move the former into one`,
  )
}

/** What folders are called whose pictures are parts of one set. */
const SIDES = new Set(['train', 'training', 'test', 'testing', 'val', 'valid', 'validation', 'dev'])

/** A line for a set that comes in parts, each with folders of its own: the parts are taken for classes. */
function sidesOf(folder: string, pictures: readonly Picture[]): string[] {
  const sides = [...new Set(pictures.map(({ name }) => name.slice(0, name.indexOf('/'))))]
  const inside = pictures.every(({ name }) => name.split('/').length > 2)
  if (!inside || !sides.every(side => SIDES.has(side.toLowerCase()))) return []
  const training = sides.find(side => /^train/i.test(side)) ?? sides[0]
  return [
    `its classes are ${sides.join(' and ')}, the names of its folders; where classes are the folders inside of these, use --data ${join(folder, training)}`,
  ]
}

interface Decoded {
  readonly name: string
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
  readonly sha256: string
}

/** The pixels of all pictures in their order, some being decoded ahead. */
async function* decoded(pictures: readonly Picture[], options: ImagesOptions): AsyncGenerator<Decoded> {
  const { default: sharp } = await import('sharp')
  // Decoded pictures are not asked for again.
  sharp.cache(false)
  const open = (bytes: Buffer) => sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error' })
  const begin = async (picture: Picture): Promise<Decoded> => decode(picture, open, options)
  const pending: Promise<Decoded>[] = []
  let next = 0
  while (next < pictures.length || pending.length > 0) {
    while (next < pictures.length && pending.length < AHEAD) {
      const started = begin(pictures[next++])
      // Its failure is met when its turn comes.
      started.catch(() => {})
      pending.push(started)
    }
    yield await pending.shift()!
  }
}

async function decode(
  { path, name }: Picture,
  open: (bytes: Buffer) => Sharp,
  { size, crop, color }: ImagesOptions,
): Promise<Decoded> {
  const bytes = readPicture(path)
  const [height, width] = typeof size === 'number' ? [size, size] : (size ?? [])
  try {
    let picture = open(bytes).autoOrient()
    if (height !== undefined) {
      picture = picture.resize({ height, width, fit: crop === 'center' ? 'cover' : 'fill' })
    }
    // What is transparent becomes black.
    picture = picture.flatten({ background: '#000' }).toColourspace(color.startsWith('gr') ? 'b-w' : 'srgb')
    const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const channels = color.startsWith('gr') ? 1 : 3
    if (info.channels !== channels)
      throw new DataError(`${path}: expected ${channels} channels, found ${info.channels}`)
    return {
      name,
      pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height: info.height,
      width: info.width,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(
      `${path}: not an image that can be read (${isTooLarge(error) ? 'it has too many pixels' : 'damaged, or cut short'})`,
    )
  }
}

const isTooLarge = (error: unknown): boolean => /pixel limit/.test((error as Error).message)

/** The content of a picture's file, which must be of one of the formats. */
function readPicture(path: string): Buffer {
  if (fileSize(path) > MOST_BYTES) throw new DataError(`${path}: is larger than ${MOST_BYTES / 2 ** 20} MiB`)
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw fileError(path, error)
  }
  if (kindOf(bytes) !== 'picture') {
    throw new DataError(`${path}: expected a PNG, JPEG or WebP picture, found ${named(bytes)}`)
  }
  return bytes
}
