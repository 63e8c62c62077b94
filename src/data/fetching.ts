let tellFetch: (line: string) => void = () => {}

/** Lets a program tell its user when something is about to be fetched, which may take a minute; by default nothing is said. */
export function onFetch(tell: (line: string) => void): void {
  tellFetch = tell
}

export const announceFetch = (line: string): void => tellFetch(line)
