/**
 * Names under which papers have rows of the catalogue in curved spaces: the formula is the same, written with `exp`, `log` and the metric
 * of the space. RFM: Chen & Lipman 2024, arXiv:2302.03660; the generalised rows: Davis et al. 2026, arXiv:2510.21608; Riemannian MeanFlow: Woo
 * et al. 2026, arXiv:2602.07744.
 */
export const aliases: Readonly<Record<string, string>> = {
  rfm: 'flow-matching',
  'g-lsd': 'lsd',
  'g-esd': 'esd',
  'g-psd': 'psd',
  rmf: 'meanflow',
  lmf: 'ayf-lmd',
}

/** The id of a row, where it is named as in curved spaces. */
export const ownId = (name: string): string => (Object.hasOwn(aliases, name) ? aliases[name] : name)

/** What else a row is called. */
export const otherNames = (id: string): string[] => Object.keys(aliases).filter(name => aliases[name] === id)
