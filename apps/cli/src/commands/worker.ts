import { Command, InvalidArgumentError, Option } from 'commander'
import type { Listen, WorkerFlags } from '../config/worker-engine.ts'
import { parseCount, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

/** `meepo worker` */
export function workerCommand(): Command {
  const option = (flags: string, description: string, variable: string): Option =>
    new Option(flags, description).env(variable)
  return new Command('worker')
    .description(
      'Do runs of all definitions of the configuration, and keep the schedules of its workflows, until a signal ends it: one of any number of processes on a store.',
    )
    .addOption(shared.config())
    .addOption(
      option('--engine <kind>', 'who brings runs here; else that of the configuration', 'MEEPO_ENGINE').choices([
        'embedded',
        'restate',
      ]),
    )
    .addOption(option('--store <url>', 'a file or postgres://…; else that of the configuration', 'MEEPO_STORE'))
    .addOption(
      option('--concurrency <n>', 'runs that do something here at once', 'MEEPO_CONCURRENCY').argParser(parseCount),
    )
    .addOption(
      option(
        '--restate-ingress <url>',
        'where runs are sent to; http://127.0.0.1:8080 unless given',
        'MEEPO_RESTATE_INGRESS',
      ),
    )
    .addOption(
      option(
        '--restate-admin <url>',
        'where this worker makes itself known; else somebody else does that',
        'MEEPO_RESTATE_ADMIN',
      ),
    )
    .addOption(option('--restate-token <token>', 'the bearer token of the cluster', 'MEEPO_RESTATE_TOKEN'))
    .addOption(
      option(
        '--restate-identity-key <key...>',
        'public keys of the cluster: only calls that it signed are taken',
        'MEEPO_RESTATE_IDENTITY_KEY',
      ),
    )
    .addOption(
      option(
        '--listen <host:port>',
        'where the cluster reaches this worker; 127.0.0.1:9080 unless given',
        'MEEPO_LISTEN',
      ).argParser(parseListen),
    )
    .addOption(
      option(
        '--url <url>',
        'under which URL the cluster reaches it; that of --listen unless given',
        'MEEPO_WORKER_URL',
      ),
    )
    .action(work)
}

async function work(flags: WorkerFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts')
  const { workerConfig } = await import('../config/worker-engine.ts')
  const { serve } = await import('../drive/serve.ts')
  const { config } = await loadConfig(flags.config)
  await serve(await workerConfig(config, flags), terminal)
}

function parseListen(text: string): Listen {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) throw new InvalidArgumentError('it is written like 0.0.0.0:9080.')
  return { host, port: Number(port) }
}
