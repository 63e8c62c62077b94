import { z } from 'zod'
import type { Tensor } from '../autodiff/index.ts'
import {
  energies,
  flowMap,
  interpolants,
  type Mixture,
  mixtureEnergy,
  type PredictionName,
  predictions,
} from '../model/index.ts'
import { denoise } from './denoise.ts'
import { type DenoiseWeighting, denoiseWeights } from './denoise-weights.ts'
import { reverseKl, weightedFlowMatching } from './energy-training.ts'
import { inverse } from './flow-map-matching.ts'
import { UnknownRowError } from './golden.ts'
import { divergenceTerms } from './golden-divergence.ts'
import { type GivenTerm, pathName, type Terms } from './golden-given-term.ts'

const denoiseOptions = z.object({
  weighting: z.enum(Object.keys(denoiseWeights) as [DenoiseWeighting]).optional(),
  gamma: z.number().optional(),
  predicts: z.enum(Object.keys(predictions) as [PredictionName]).optional(),
})

/** Terms of densities and diffusion. */
export const likelihoodTerms: Terms = {
  denoise: ({ options, draw, network }) => {
    const { weighting = 'none', gamma = 5, predicts = 'velocity' } = denoiseOptions.parse(options)
    const map = flowMap(network('student'), { predicts, path: interpolants[pathName(options)] })
    return denoise(weighting, gamma)({ ...draw, map })
  },
  inverse: ({ draw }) => inverse(draw),
  'weighted-flow-matching': ({ draw, batch }) =>
    weightedFlowMatching({ ...draw, logWeight: batch('logWeight') }),
  'reverse-kl': given => reverseKl({ ...given.draw, energy: energyOf(given) }),
  ...divergenceTerms,
}

/** The energy of a fixture: the one that it names with its options, or of a mixture; a double well where it says nothing. */
function energyOf({ options, dimension }: GivenTerm): (x: Tensor) => Tensor {
  const { energy = 'double-well', data, mixture = data, ...rest } = options
  const given = typeof energy === 'object' ? (energy as Mixture & { kind?: string }) : undefined
  const components = (given?.components ? given : (mixture as Mixture | undefined))?.components
  if (components) return mixtureEnergy('mixture', { components }, undefined).energy
  const { kind = String(energy), ...own } = { ...rest, ...given } as { kind?: string }
  if (!Object.hasOwn(energies, kind)) {
    throw new UnknownRowError(`energy: expected one of ${Object.keys(energies).join(', ')}; found ${kind}`)
  }
  const { shape } = energies[kind].schema as unknown as { readonly shape: object }
  const known = Object.entries({ dimension, ...own }).filter(([key]) => Object.hasOwn(shape, key))
  const found = energies[kind].open(energies[kind].schema.parse(Object.fromEntries(known)))
  if (found.dimension === dimension) return found.energy
  throw new UnknownRowError(
    `energy: ${kind} is of ${found.dimension} coordinates, the fixture of ${dimension}`,
  )
}
