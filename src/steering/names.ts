/** How samples are steered. */
export const STEERING_METHODS = ['particles', 'guided', 'filter', 'best'] as const
export type SteeringMethod = (typeof STEERING_METHODS)[number]

/** What takes particles from a time to the next; `noise` tilts the noise in place of that. */
export const KERNELS = ['renoise', 'noise', 'jump', 'posterior', 'euler-maruyama'] as const
export type KernelName = (typeof KERNELS)[number]

/** Ways to look ahead. */
export const LOOK_AHEADS = [
  'none',
  'here',
  'denoiser',
  'denoiser-covariance',
  'jump',
  'posterior',
  'weighted',
] as const
export type LookAheadName = (typeof LOOK_AHEADS)[number]

/** What a look-ahead is multiplied by on the way. */
export const SCHEDULES = ['one', 'linear', 'anneal'] as const
export type ScheduleName = (typeof SCHEDULES)[number]

/** Schemes that resample particles. */
export const RESAMPLINGS = ['systematic', 'stratified', 'residual', 'multinomial'] as const
export type ResamplingName = (typeof RESAMPLINGS)[number]

/** Ways from data to noise. */
export const INVERSIONS = ['jump', 'heun', 'adaptive', 'newton'] as const
export type InversionName = (typeof INVERSIONS)[number]

/** Ways from one point of noise to another. */
/** How noise goes back to data. */
export const RETURNS = ['jump', 'heun'] as const
export type ReturnName = (typeof RETURNS)[number]

export const PATHS = ['slerp', 'straight'] as const
export type PathName = (typeof PATHS)[number]
