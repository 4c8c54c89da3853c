/** Every key, what it accepts, its default and what it is for. The names on the left are the program's, those in quotes the file's. */
import { z } from 'zod';
import { LOG_LEVELS } from '../../telemetry/logger.js';
import { anyText, componentName, labelName, oneOf, path } from '../leaves.js';
import { section } from '../section.js';
import type { Config } from '../types.js';
import { alert } from './alert.js';
import { dedupe } from './processors/dedupe.js';
import { filter } from './processors/filter.js';
import { labels } from './processors/labels.js';
import { level } from './processors/level.js';
import { metrics as lineMetrics } from './processors/metrics.js';
import { multiline } from './processors/multiline.js';
import { parse } from './processors/parse.js';
import { rateLimit } from './processors/rate-limit.js';
import { redact } from './processors/redact.js';
import { sample } from './processors/sample.js';
import { timestamp } from './processors/timestamp.js';
import { type GivenMetrics, type GivenServer, metrics, server } from './server.js';
import { elasticsearch } from './sinks/elasticsearch.js';
import { file } from './sinks/file.js';
import { http } from './sinks/http.js';
import { loki } from './sinks/loki.js';
import { otlp } from './sinks/otlp.js';
import { splunk } from './sinks/splunk.js';
import { stdout } from './sinks/stdout.js';
import { syslog as syslogSink } from './sinks/syslog.js';
import { demo } from './sources/demo.js';
import { docker } from './sources/docker.js';
import { file as files } from './sources/file.js';
import { journald } from './sources/journald.js';
import { stdin } from './sources/stdin.js';
import { syslog } from './sources/syslog.js';
import { deadLetters, type GivenJournal, journal } from './storage.js';

const SOURCES = [docker, demo, stdin, journald, syslog, files] as const;
const PROCESSORS = [
  dedupe,
  filter,
  labels,
  level,
  lineMetrics,
  multiline,
  parse,
  rateLimit,
  redact,
  sample,
  timestamp,
] as const;
const SINKS = [elasticsearch, file, http, loki, otlp, splunk, stdout, syslogSink] as const;

/** The configuration before the defaults that depend on the machine are filled in. */
export interface GivenConfig extends Omit<Config, 'dataDir' | 'journal' | 'server' | 'metrics'> {
  readonly dataDir?: string;
  readonly server: GivenServer;
  readonly metrics: GivenMetrics;
  readonly journal: GivenJournal;
}

export const configSchema = section<GivenConfig>({
  dataDir: [
    'data_dir',
    path('a folder, such as ./data').optional(),
    'Where history and positions are kept; default: /data in the image, /var/lib/log-capturer as a service, else ./data.',
  ],
  logLevel: ['log_level', oneOf(...LOG_LEVELS).default('info'), "How much of the agent's own log is shown."],
  labels: ['labels', z.record(labelName(), anyText()).default({}), 'Labels on every stream, at most 10.'],
  server: ['server', server.prefault({}), 'The page and the API.'],
  metrics: ['metrics', metrics.prefault({}), 'Metrics for Prometheus.'],
  journal: ['journal', journal.prefault({}), 'The history, which is also the buffer for every sink.'],
  deadLetters: [
    'dead_letters',
    deadLetters.prefault({}),
    'Lines that a sink refuses for good: they are kept here, to be looked at and delivered again.',
  ],
  alerts: [
    'alerts',
    z.record(componentName(), alert).default({}),
    'Searches that tell somebody where too many lines match, by names of your choice; more can be made on the page.',
  ],
  sources: [
    'sources',
    z.record(componentName(), z.discriminatedUnion('type', SOURCES)),
    'Where lines come from, by names of your choice; default: the containers of this host.',
  ],
  processors: [
    'processors',
    z.array(z.discriminatedUnion('type', PROCESSORS)).default([]),
    'What happens to lines between the sources and the history, in the order of the list.',
  ],
  sinks: [
    'sinks',
    z.record(componentName(), z.discriminatedUnion('type', SINKS)).default({}),
    'Where lines go beside the history, by names of your choice.',
  ],
});
