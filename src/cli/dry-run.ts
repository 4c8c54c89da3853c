/**
 * What `run --dry-run` makes of a configuration: the same sources, as at a first start, into a temporary data directory,
 * and standard output instead of the sinks. No page, no metrics on a port of their own, nothing left behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config, StdoutSinkConfig } from '../config/types.js';

const MAX_JOURNAL_BYTES = 256 * 1024 ** 2;

export interface DryRun {
  readonly config: Config;
  /** Removes what it wrote. Idempotent. */
  remove(): void;
}

export function prepareDryRun(config: Config): DryRun {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'log-capturer-dry-run-'));
  const { maxBytes } = config.journal;
  return {
    config: {
      ...config,
      dataDir,
      server: { host: '127.0.0.1', port: 0, auth: 'none', allowedHosts: [], basePath: '' },
      metrics: { host: '127.0.0.1', port: 0 },
      journal: { ...config.journal, maxBytes: Math.min(maxBytes, MAX_JOURNAL_BYTES) },
      sinks: shownInsteadOf(config),
    },
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

/** One stdout sink a selector: all lines where a sink takes all, or there is none. */
function shownInsteadOf({ sinks }: Config): Record<string, StdoutSinkConfig> {
  const matches = [...new Set(Object.values(sinks).map(({ match }) => match))];
  if (matches.length === 0 || matches.includes(undefined)) return { stdout: { type: 'stdout' } };
  return Object.fromEntries(
    matches.map((match, i) => [`stdout-${i + 1}`, { type: 'stdout', match } as StdoutSinkConfig]),
  );
}
