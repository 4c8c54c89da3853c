/**
 * Fluent Bit with its parser for Docker's files, which joins pieces of long lines, positions in a database and large buffers.
 * Durable or not is the difference between its two subjects: chunks in memory alone, or in files, too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Workload } from '../generate.js';
import { logOf, type Peer, type PeerSetup } from './peer.js';

export const fluentBit = subject('fluent-bit', false);
export const fluentBitDurable = subject('fluent-bit durable', true);

function subject(label: string, isDurable: boolean): Peer {
  return {
    label,
    program: 'fluent-bit',
    metrics: {
      route: '/api/v1/metrics/prometheus',
      sent: /^fluentbit_output_proc_records_total\{[^}]*\} (\d+)/gm,
    },
    configure: (work, setup) => {
      const file = path.join(setup.folder, 'fluent-bit.conf');
      writeFileSync(file, sections(work, setup, isDurable).map(textOf).join('\n'));
      return ['-c', file];
    },
  };
}

type Section = readonly [name: string, keys: Readonly<Record<string, string | number>>];

function sections(work: Workload, { folder, port, metricsPort }: PeerSetup, isDurable: boolean): Section[] {
  const storage = path.join(folder, 'storage');
  mkdirSync(storage, { recursive: true });
  const service: Section = [
    'SERVICE',
    {
      flush: 0.2,
      log_level: 'error',
      http_server: 'on',
      http_listen: '127.0.0.1',
      http_port: metricsPort,
      ...(isDurable
        ? { 'storage.path': storage, 'storage.sync': 'normal', 'storage.max_chunks_up': 128 }
        : {}),
    },
  ];
  const inputs = work.containers.map(
    ({ id, name }): Section => [
      'INPUT',
      {
        name: 'tail',
        tag: name,
        path: logOf(work, id),
        db: path.join(folder, `${name}.db`),
        read_from_head: 'on',
        'multiline.parser': 'docker',
        buffer_chunk_size: '1M',
        buffer_max_size: '8M',
        mem_buf_limit: '50M',
        ...(isDurable ? { 'storage.type': 'filesystem' } : {}),
      },
    ],
  );
  const output: Section = [
    'OUTPUT',
    {
      name: 'loki',
      match: '*',
      host: '127.0.0.1',
      port,
      labels: 'container=$TAG',
      label_keys: '$stream',
      remove_keys: '$time',
      drop_single_key: 'raw',
      line_format: 'json',
      workers: 1,
      retry_limit: 'no_limits',
    },
  ];
  return [service, ...inputs, output];
}

function textOf([name, keys]: Section): string {
  return `[${name}]\n${Object.entries(keys)
    .map(([key, value]) => `    ${key} ${value}\n`)
    .join('')}`;
}
