/** Promtail with the stage that it has for Docker's files, and batches as large as it sends them well. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { logOf, type Peer } from './peer.js';

export const promtail: Peer = {
  label: 'promtail',
  program: 'promtail',
  metrics: { route: '/metrics', sent: /^promtail_sent_entries_total\{[^}]*\} (\S+)$/gm },
  configure: (work, { folder, port, metricsPort }) => {
    const file = path.join(folder, 'promtail.yaml');
    // JSON is YAML.
    const config = {
      server: {
        http_listen_address: '127.0.0.1',
        http_listen_port: metricsPort,
        grpc_listen_address: '127.0.0.1',
        grpc_listen_port: 0,
        log_level: 'error',
      },
      positions: { filename: path.join(folder, 'positions.yaml') },
      clients: [
        { url: `http://127.0.0.1:${port}/loki/api/v1/push`, batchsize: 1024 * 1024, batchwait: '1s' },
      ],
      scrape_configs: work.containers.map(({ id, name }) => ({
        job_name: name,
        pipeline_stages: [{ docker: {} }],
        static_configs: [{ targets: ['localhost'], labels: { container: name, __path__: logOf(work, id) } }],
      })),
    };
    writeFileSync(file, JSON.stringify(config, null, 2));
    return [`-config.file=${file}`];
  },
};
