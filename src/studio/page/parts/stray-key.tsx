import type { Strays } from '../../engine/protocol.ts'

/** What the colour of samples off the data means, and how many they are; nothing where it is not known. */
export function StrayKey({ strays }: { strays: Pick<Strays, 'marks'> | null | undefined }) {
  if (!strays) return null
  const count = strays.marks.reduce((sum, mark) => sum + mark, 0)
  return <span class="key of-strays">off the data: {count.toLocaleString('en')}</span>
}
