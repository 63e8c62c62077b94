import type { Dataset } from '../../data/dataset.ts'
import { sphereVmf } from '../../data/manifold/sphere.ts'
import { torusRamachandran } from '../../data/manifold/torus.ts'
import { words } from '../../data/text/languages.ts'
import type { SpaceName } from './space-maps.ts'

const made: { [name in SpaceName]?: Dataset } = {}
const makers: Readonly<Record<SpaceName, () => Dataset>> = {
  sphere: sphereVmf,
  torus: torusRamachandran,
  words,
}

/** The data that the trained map of a space is of. */
export const spaceData = (name: SpaceName): Dataset => (made[name] ??= makers[name]())
