import { type Config, pointOf } from '../config/index.ts'
import { scaleOfHead } from '../model/index.ts'

/** A configuration that records the scale of its divergence head, where that goes by the data. */
export function withHeadScale(config: Config, data: Parameters<typeof pointOf>[1]): Config {
  const { network } = config
  if (network.divergenceHead !== 'auto') return config
  const scale = scaleOfHead({ config: network, point: pointOf(config, data) })
  return { ...config, network: { ...network, divergenceHead: scale } }
}
