/** The stdin source. */
import type { StdinSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import type { Labels } from '../../pipeline/streams.js';
import { AgentError } from '../../runtime/errors.js';

export function createStdinSource(
  name: string,
  _config: StdinSourceConfig,
  _context: { labels: Labels },
): Source {
  throw new AgentError('INTERNAL', `source ${name}: stdin is not built yet.`);
}
