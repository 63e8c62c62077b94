import { signal } from '@preact/signals'
import { problem, update } from '../state/store.ts'
import { takeFile } from './file-target.tsx'
import { showFile } from './open-model.tsx'

/** Whether a file is being held over the page. */
export const fileHeldOver = signal(false)

type Named = Pick<File, 'name'>
const isModel = ({ name }: Named): boolean => /\.(safetensors|onnx)$/i.test(name)
const isData = ({ name }: Named): boolean => /\.(csv|tsv|txt|npy|png|jpe?g|webp)$/i.test(name)

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false

/** Where text may be dropped, as everywhere else. */
const takesText = ({ target }: DragEvent): boolean =>
  target instanceof Element && target.closest('input:not([type=file]), textarea') !== null

/** Models become runs, the first of the others that hold points is where a target is made. */
async function take(files: readonly File[]): Promise<void> {
  problem.value = null
  const data = files.find(isData)
  const failures: string[] = []
  for (const model of files.filter(isModel)) {
    const failure = await showFile(model)
    if (failure) failures.push(failure)
  }
  if (data) {
    update({ view: 'train' })
    await takeFile(data)
  }
  for (const { name } of files.filter(file => !isModel(file) && file !== data)) {
    failures.push(
      data && isData({ name })
        ? `${name}: one file of points at a time.`
        : `${name}: expected a model (.safetensors, .onnx), a table (.csv, .tsv, .txt, .npy) or an image (.png, .jpg, .webp).`,
    )
  }
  if (failures.length > 0) problem.value = failures.join(' ')
}

/** Takes files that are dropped anywhere on the page; whatever is dropped, the page is not left for it. */
export function acceptDroppedFiles(): void {
  addEventListener('dragover', event => {
    if (takesText(event) && !holdsFiles(event)) return
    event.preventDefault()
    fileHeldOver.value = holdsFiles(event)
    if (!fileHeldOver.value && event.dataTransfer) event.dataTransfer.dropEffect = 'none'
  })
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) fileHeldOver.value = false
  })
  addEventListener('drop', event => {
    fileHeldOver.value = false
    if (takesText(event) && !holdsFiles(event)) return
    event.preventDefault()
    void take([...(event.dataTransfer?.files ?? [])])
  })
}
