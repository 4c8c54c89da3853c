/** Where Promtail stopped reading: `positions: { /var/log/app.log: "1234" }`. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { AgentError, describeError } from '../../runtime/errors.js';

/** Bytes read, by path. What is no file's is left out. Throws AgentError where it cannot be read. */
export function readPromtailPositions(path: string): ReadonlyMap<string, number> {
  try {
    const document: unknown = parse(readFileSync(path, 'utf8'));
    const positions = (document as { positions?: unknown } | null)?.positions;
    if (typeof positions !== 'object' || positions === null)
      throw new SyntaxError('it has no section "positions"');
    const offsets = Object.entries(positions)
      .map(([name, offset]): [string, number] => [name, Number(offset)])
      .filter(([name, offset]) => name.startsWith('/') && Number.isSafeInteger(offset) && offset >= 0);
    return new Map(offsets);
  } catch (error) {
    throw new AgentError(
      'CONFIG_INVALID',
      `promtail_positions: ${path} cannot be read: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
}
