import { basename } from 'node:path'
import { openDataset } from '../config/dataset.ts'
import { pointOf, type UserConfig } from '../config/index.ts'
import { type DatasetSpec, withAbsolutePaths } from '../data/catalogue.ts'
import { shortList } from '../data/short-list.ts'
import { conventions } from '../importing/conventions.ts'
import { importModel } from '../importing/import.ts'
import { assumptions, importOwn, ownRecord } from '../importing/own.ts'
import type { ImportOptions } from '../importing/reading.ts'
import { readWeights } from '../importing/weights-file.ts'
import { kindOf } from '../model/index.ts'
import { writeCard } from '../report/card.ts'
import { checkOnnxSize } from '../training/capacity.ts'
import { isSplitTraining } from '../training/split/folder.ts'
import { takeBack } from '../training/split/take-back.ts'
import { readConfig } from './config-file.ts'
import { UsageError } from './failure.ts'
import { layered, parseKeys } from './keys.ts'
import { note, print, printJson } from './terminal.ts'
import { writeRun } from './write-run.ts'

interface ImportFlags extends Omit<ImportOptions, 'config' | 'data' | 'convention'> {
  readonly convention?: ImportOptions['convention']
  readonly config?: string
  readonly data?: DatasetSpec
  readonly out?: string
  readonly json?: boolean
}

/** What a launcher trained, for the run that it is of. */
async function importTraining(folder: string, { out, json }: ImportFlags): Promise<void> {
  const { run, step, steps } = await takeBack(folder, out)
  writeCard(run)
  if (json) return printJson({ run, step, steps })
  print(`${run}: step ${step} of ${steps}, from ${folder}`)
}

/** `oxbow import`. */
export async function importCommand(
  file: string,
  flags: ImportFlags,
  rest: readonly string[],
): Promise<void> {
  const { convention, config: path, data, out, json, ...options } = flags
  if (isSplitTraining(file)) return importTraining(file, flags)
  if (convention === undefined) {
    throw new UsageError(
      '--convention: needed for weights trained elsewhere, e.g. --convention flow-matching; docs/export.md lists the conventions',
    )
  }
  const directory = out ?? `runs/${basename(file).replace(/\.\w+$/, '')}`
  const config = layered(
    path === undefined ? {} : await readConfig(path, data === undefined),
    data === undefined ? {} : { data },
    parseKeys(rest, ['json', 'debug']),
  ) as UserConfig
  const weightsFile = readWeights(file)
  const own = ownRecord(weightsFile, file, convention)
  const dataset =
    config.data === undefined ? undefined : await openDataset(config.data, { holdOut: config.holdOut })
  // Kept absolute, so that the run can be measured from anywhere.
  if (config.data !== undefined) config.data = withAbsolutePaths(config.data)
  const asked = { ...options, convention, config, data: dataset }
  const { model, report, unread } = own
    ? importOwn(weightsFile.tensors, own, file, asked)
    : importModel(weightsFile, file, asked)
  const assumed = own || convention !== 'oxbow' ? [] : assumptions(model.config, asked)
  checkOnnxSize(model.config, pointOf(model.config, model.data))
  writeRun(directory, model)
  if (assumed.length > 0) note(`oxbow: ${file}: carries no configuration; assumed ${assumed.join(' and ')}`)
  if (unread.length > 0) note(`oxbow: ${file}: not read: ${shortList(unread)}`)
  const { source, formula } = conventions[convention]
  if (json) {
    return printJson({ run: directory, convention, layers: report, network: model.config.network })
  }
  for (const line of report) print(line)
  print(`read as ${convention}: ${formula} (${source})`)
  const { network } = model.config
  print(`network: ${kindOf(network).describe(network)}, sees ${network.conditioning}`)
  print(`${directory}: ${model.config.objective}, ${model.parameters.length} parameters`)
}
