type Row = readonly [ours: readonly string[], theirs: readonly string[]]

/** What other libraries call a setting, by the names that it has here: an option of a command first, then a key. */
const OF_TRAINING: readonly Row[] = [
  [
    ['lr', 'optimizer.learningRate'],
    ['lr', 'learning-rate', 'optimizer.lr', 'optimizer.learning-rate', 'optim.lr'],
  ],
  [['batch'], ['batch-size', 'train-batch-size', 'bs', 'batchsize']],
  [
    ['steps'],
    ['iterations', 'iters', 'num-steps', 'max-steps', 'train-steps', 'training-steps', 'max-train-steps'],
  ],
  [['objective'], ['loss-fn', 'criterion']],
  [
    ['init-from', 'initFrom'],
    ['pretrained', 'checkpoint', 'resume-from', 'load-from'],
  ],
  [['optimizer.name'], ['optim', 'optimizer']],
  [['optimizer.weightDecay'], ['weight-decay', 'wd', 'optimizer.wd']],
  [
    ['optimizer.clip'],
    ['clip', 'grad-clip', 'clip-grad', 'clip-grad-norm', 'max-grad-norm', 'gradient-clip'],
  ],
  [['optimizer.accumulate'], ['gradient-accumulation-steps', 'accumulation-steps', 'grad-accum']],
  [['optimizer.beta1'], ['beta1', 'adam-beta1']],
  [['optimizer.beta2'], ['beta2', 'adam-beta2']],
  [['schedule.kind'], ['lr-scheduler', 'lr-schedule']],
  [['schedule.warmup'], ['warmup', 'warmup-steps', 'lr-warmup-steps']],
  [['ema'], ['ema-decay', 'ema-rate']],
  [['network.hidden'], ['hidden', 'hidden-size', 'hidden-dim', 'network.hidden-size', 'network.hidden-dim']],
  [['network.layers'], ['layers', 'num-layers', 'n-layers', 'network.num-layers']],
]

/** The same of sampling, and of what every command may have. */
const OF_SAMPLING: readonly Row[] = [
  [['seed'], ['random-seed', 'manual-seed']],
  [['data'], ['dataset', 'dataset-name', 'train-data']],
  [['out'], ['output', 'output-dir', 'output-file', 'out-dir', 'save-dir', 'run-dir']],
  [['count'], ['num-samples', 'n-samples', 'samples', 'num-images']],
  [['steps'], ['num-inference-steps', 'nfe', 'sampling-steps', 'jumps']],
  [['method'], ['sampler', 'solver', 'scheduler']],
  [['guidance'], ['guidance-scale', 'cfg', 'cfg-scale']],
]

/** `learningRate`, `learning_rate` and `Learning-Rate` are one name. */
const plain = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/_/g, '-')
    .toLowerCase()

export const tables = { all: [...OF_TRAINING, ...OF_SAMPLING], sampling: OF_SAMPLING }

/** The name that we have for what somebody calls so: the first that `isKnown`. */
export function named(
  name: string,
  isKnown: (ours: string) => boolean,
  table: readonly Row[] = tables.all,
): string | undefined {
  const called = plain(name)
  for (const [ours, theirs] of table) {
    const found = theirs.includes(called) ? ours.find(isKnown) : undefined
    if (found !== undefined && found !== name) return found
  }
  return undefined
}
