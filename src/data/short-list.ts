const MOST_LISTED = 12

/** Names on one line, the first twelve of many and how many more there are. */
export const shortList = (names: readonly (string | number)[]): string =>
  names.length > MOST_LISTED
    ? `${names.slice(0, MOST_LISTED).join(', ')} and ${names.length - MOST_LISTED} more`
    : names.join(', ')
