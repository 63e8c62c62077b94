import './stray-key.css'
/** What the colour of samples off the data means, and how many they are; nothing where it is not known. */
export function StrayKey({ marks }: { marks: Uint8Array | null | undefined }) {
  if (!marks) return null
  const count = marks.reduce((sum, mark) => sum + mark, 0)
  return <span class="key of-strays">off the data: {count.toLocaleString('en')}</span>
}
