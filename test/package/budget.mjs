/** Most bytes of what people download; raised on purpose only, with a line in the changelog. */
export const BUDGET = {
  /** What `npm pack` makes. */
  tarball: 20e6,
  /** `node_modules` of an empty folder after `npm install oxbow`, without optional packages. */
  installed: 140e6,
  /** Scripts and styles, compressed by gzip, that the studio's page loads before anything can be done in it. */
  firstLoad: 300e3,
}
