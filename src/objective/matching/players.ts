import {
  type Conditioning,
  coordinates,
  kindOf,
  type Network,
  type NetworkConfig,
  networkOf,
  type PointSpec,
} from '../../model/index.ts'
import type { Player } from '../objective.ts'

/** A velocity of the map's size, told one time or two. */
const velocityNetwork =
  (conditioning: Conditioning) =>
  (config: NetworkConfig, point: PointSpec): Network =>
    networkOf(
      { ...config, ...kindOf(config).ofVelocity?.(config), conditioning, predicts: 'velocity' },
      point,
    )

/** The velocity of the generator's own samples. */
export const fake: Player = { name: 'fake', network: velocityNetwork('s'), isVelocity: true }

/** The same for each time that the samples are jumps from, which it is told as the second one. */
export const fakeOfSteps: Player = { ...fake, network: velocityNetwork('s,t') }

/** One number for each noisy sample at its time: the mean of the outputs of a network of the map's size. */
export const critic: Player = {
  name: 'critic',
  network(config, point) {
    const network = velocityNetwork('s')(config, point)
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
