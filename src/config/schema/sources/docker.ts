/** A source of type docker. */
import { z } from 'zod';
import { anyText, duration, labelName, oneOf, size, startAt, texts, whole } from '../../leaves.js';
import { address } from '../../secrets.js';
import { section } from '../../section.js';
import type { ContainerSelector, DockerSourceConfig } from '../../types.js';
import { DAY, MIB, MINUTE, SECOND, TYPE, tls } from '../shared.js';

const selector = section<ContainerSelector>({
  names: [
    'names',
    texts('["web-*"]').optional(),
    'Names of containers; * stands for anything, ? for one character.',
  ],
  labels: [
    'labels',
    z.record(z.string(), anyText()).optional(),
    'Docker labels with patterns of their values.',
  ],
  images: ['images', texts('["nginx:*"]').optional(), 'Images, with or without the tag.'],
  composeProjects: ['compose_projects', texts('["shop"]').optional(), 'Projects of docker compose.'],
});

export const docker = section<DockerSourceConfig>({
  type: ['type', z.literal('docker'), TYPE],
  endpoint: [
    'endpoint',
    address('an address, such as unix:///var/run/docker.sock').optional(),
    'Where the engine listens; default: found as the docker command finds it.',
  ],
  tls: ['tls', tls.optional(), 'For an engine behind TLS; default: as the docker command has it.'],
  transport: [
    'transport',
    oneOf('auto', 'file', 'api').default('auto'),
    "How lines are read: the engine's files, its API, or per container what is possible and cheapest.",
  ],
  startAt: [
    'start_at',
    startAt().default(DAY),
    'Where to begin in the logs of containers that were there before the first start.',
  ],
  maxHistoryBytes: [
    'max_history_bytes',
    size(0, '64MiB').default(64 * MIB),
    'Most bytes of such an old log that are read, per container; through the API only its age counts.',
  ],
  include: ['include', selector.optional(), 'Capture only containers that match every kind given here.'],
  exclude: ['exclude', selector.optional(), 'Leave out containers that match any kind given here.'],
  containerLabels: [
    'container_labels',
    z.record(z.string(), labelName()).default({}),
    'Docker labels that become stream labels, with the names that they get.',
  ],
  labelPreset: [
    'label_preset',
    oneOf('default', 'promtail', 'docker-driver').default('default'),
    "Names of the labels: our own, Promtail's, or those of Loki's Docker driver.",
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
  maxStreams: [
    'max_streams',
    whole(1, 10_000, 50).default(50),
    "Most logs that are read through the engine's API at once; more containers than that take turns, each about every 30 s.",
  ],
  streamMaxAgeMs: [
    'stream_max_age',
    duration(SECOND, '5m').default(5 * MINUTE),
    "After so long a stream of the engine's API is ended and the log is opened again, or another container has its turn; sooner while many wait.",
  ],
  livenessTimeoutMs: [
    'liveness_timeout',
    duration(5 * SECOND, '60s').default(MINUTE),
    'A running container that shows no sign of life for so long makes the source degraded; that it is quiet is no reason.',
  ],
});
