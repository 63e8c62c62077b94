import {
  type Conditioning,
  coordinates,
  kindOf,
  type NetworkConfig,
  networkOf,
  velocityKeys,
} from '../../model/index.ts'
import type { Player } from '../objective.ts'

/** A velocity of the map's size, told one time or two. */
const sized =
  (conditioning: Conditioning) =>
  (config: NetworkConfig): NetworkConfig => ({
    ...velocityKeys(config),
    ...kindOf(config).ofVelocity?.(config),
    conditioning,
    predicts: 'velocity',
  })

const velocity = (conditioning: Conditioning): Pick<Player, 'keys' | 'network'> => {
  const keys = sized(conditioning)
  return { keys, network: (config, point) => networkOf(keys(config), point) }
}

/** The velocity of the generator's own samples. */
export const fake: Player = {
  name: 'fake',
  title: 'fake score',
  learns: "the velocity of the map's own samples",
  ...velocity('s'),
  isVelocity: true,
}

/** The same for each time that the samples are jumps from, which it is told as the second one. */
export const fakeOfSteps: Player = {
  ...fake,
  learns: "the velocity of the map's own samples, for each time that they jump from",
  ...velocity('s,t'),
}

/** What is missing beside the velocity at the beginning of a jump, as the network gives it. */
export const residual: Player = {
  name: 'residual',
  title: 'residual of the jump',
  learns: "half the square of a jump's length times what a straight step along the teacher's velocity misses",
  ...velocity('s,t'),
}

/** One number for each noisy sample at its time: the mean of the outputs of a network of the map's size. */
export const critic: Player = {
  name: 'critic',
  keys: sized('s'),
  learns: "to tell data from the map's samples",
  says: { above: 'looks like data', below: "looks like the map's samples" },
  network(config, point) {
    const network = networkOf(sized('s')(config), point)
    return {
      ...network,
      apply(parameters, condition) {
        const own = network.apply(parameters, condition)
        return (x, s, t) => {
          const out = own(x, s, t)
          return out.mean(coordinates(out), true)
        }
      },
    }
  },
}

/** The same beside a map that is told noisy points, of which they are told nothing but the time. */
export const fakeOfStates: Player = { ...fakeOfSteps, isUntold: true }

export const criticOfStates: Player = { ...critic, isUntold: true }
