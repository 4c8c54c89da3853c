/** Shared by the tests of the dead letters: a store on a disk in memory, and blocks whose lines are refused. */
import { blockOf } from '../../../../test/support/blocks.js';
import { MemoryDisk } from '../../../journal/testing/memory-disk.js';
import type { Block, Refused } from '../../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../../pipeline/push-request.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { Health } from '../../../telemetry/health.js';
import { type DeadLetters, type DeadLettersOptions, openDeadLetters } from '../store.js';

export const NEVER = new AbortController().signal;

export interface OpenedLetters {
  readonly store: DeadLetters;
  readonly scope: Scope;
  readonly health: Health;
  /** Messages of the agent's log. */
  readonly told: readonly string[];
}

/** Close its scope. */
export async function openLetters(
  disk = new MemoryDisk(),
  options: Partial<DeadLettersOptions> = {},
  now = () => 1_000,
): Promise<OpenedLetters> {
  const scope = Scope.root('test', (error) => {
    throw error;
  });
  const told: string[] = [];
  const tell = (_: unknown, text: string): void => void told.push(text);
  const log = { ...silentLogger, info: tell, warn: tell, error: tell };
  const health = new Health();
  const all = { maxBytes: 2 ** 30, maxAgeMs: 2 ** 40, ...options };
  const store = await openDeadLetters({ directory: '/letters', options: all, scope, log, health, disk, now });
  return { store, scope, health, told };
}

/** Ten lines, of the containers a and b. */
export function tenLines(lsn: number, lane = 0, size = 1): Block {
  const lines = Array.from({ length: 10 }, (_, i) => ({
    labels: { container: i < 5 ? 'a' : 'b' },
    text: `${lsn}/${i} ${'x'.repeat(size)}`,
    seconds: 1_000 + i,
    nanos: i,
  }));
  return blockOf(lines, { lsn, lane });
}

export function refused(block: Block, rows: readonly number[], reason = 'too_old'): Refused {
  return { block, rows, reason, said: `no: ${reason}`, tenant: undefined };
}

/** `sink reason attempts: text` of every line that is here. */
export async function contents(store: DeadLetters): Promise<string[]> {
  const found: string[] = [];
  for (const facts of store.bundles()) {
    const stored = await store.read(facts);
    if (!stored) continue;
    const { sink, reason, attempts } = stored.bundle;
    for (const text of textsOf(stored.payload)) found.push(`${sink} ${reason} ${attempts}: ${text.trim()}`);
  }
  return found.sort();
}

export function textsOf(payload: Buffer): string[] {
  const lines = new BlockLines();
  decodeBlock(payload, lines);
  return Array.from({ length: lines.length }, (_, row) =>
    lines.data.toString('utf8', lines.start[row], lines.end[row]),
  );
}
