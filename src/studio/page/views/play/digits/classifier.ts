import { useEffect, useState } from 'preact/hooks'
import classifierFile from '../../../../../../features/glyphs-16.onnx?url'
import { pictures } from './model.ts'

let fetched: Promise<Uint8Array> | null = null

/** The classifier of drawn digits, 133 kB, which is fetched when it is first asked. */
export function fetchClassifier(): Promise<Uint8Array> {
  fetched ??= (async () => {
    const response = await fetch(classifierFile).catch(() => null)
    if (!response?.ok) {
      fetched = null
      throw new Error('The classifier could not be loaded; check the connection, then reload the page.')
    }
    return new Uint8Array(await response.arrayBuffer())
  })()
  return fetched
}

/** The class that the classifier reads in each picture, by its place; null while that is not known, or it knows no such pictures. */
export function useReading(points: Float32Array | null): readonly number[] | null {
  const [read, tell] = useState<{ of: Float32Array; classes: readonly number[] } | null>(null)
  useEffect(() => {
    if (!points) return
    let isWanted = true
    const ask = async (): Promise<void> => {
      const classes = await pictures().read({ points, classifier: await fetchClassifier() })
      if (isWanted) tell({ of: points, classes })
    }
    // Without it the digits are there all the same.
    ask().catch(() => {})
    return () => {
      isWanted = false
    }
  }, [points])
  return points && read?.of === points ? read.classes : null
}
