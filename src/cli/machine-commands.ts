import type { AddCommand, Wrap } from './add-command.ts'
import { whole } from './common-options.ts'

const DOCTOR_HELP = `
Writes and sends nothing. Exits with 1 if the requested engine or device cannot be used on this machine.`

export function addMachine(add: AddCommand, run: Wrap): void {
  add('studio', 'Open the studio: explore, train and compare flow maps in the browser')
    .addOption(whole('--port <n>', 'port to listen on; 0 for a free one', 0, 65_535).default(4680))
    .option(
      '--host <name>',
      'address to listen on; anything but the default lets other machines connect',
      '127.0.0.1',
    )
    .option('--runs <dir>', 'folder of runs that can be opened', 'runs')
    .option('--no-open', 'do not open the browser')
    .action(run(async options => (await import('./studio.ts')).studioCommand(options)))

  add('bench', 'Benchmark speed on this machine, against ONNX Runtime, PyTorch and JAX if they are installed')
    .option('--python <path>', 'Python interpreter that has PyTorch and JAX', 'python3')
    .addOption(
      whole(
        '--rounds <n>',
        'number of rounds; engines alternate and the median is reported',
        1,
        1000,
      ).default(7),
    )
    .option('--quick', 'run only seven workloads; all of them take hours')
    .option('--only <text>', 'only workloads whose name contains this text, such as dit or train-psd-512')
    .action(run(async options => (await import('./bench.ts')).benchCommand(options)))

  add('doctor', 'Show what Oxbow uses on this machine and why: engine, device, threads, memory, folders')
    .addHelpText('after', DOCTOR_HELP)
    .action(run(async options => (await import('./doctor.ts')).doctorCommand(options)))
}
