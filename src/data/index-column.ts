/**
 * Names under which pandas, and R's `write.csv`, write the index of a data frame. An empty name in the first place is one; the
 * second writing of such a file makes it `Unnamed: 0`.
 */
const isIndexName = (name: string, place: number): boolean =>
  (name === '' && place === 0) || /^(Unnamed: 0(\.\d+)*|__index_level_\d+__)$/.test(name)

/**
 * The places of a table's columns that hold the index of a data frame, by their names; none where nothing else would be left.
 *
 * @param known  further names that the file itself calls its index
 */
export function indexColumns(names: readonly string[], known: readonly string[] = []): number[] {
  const found = names.flatMap((name, place) =>
    isIndexName(name, place) || known.includes(name) ? [place] : [],
  )
  return found.length < names.length ? found : []
}
