/** `ledger`: what became of every line, as tables that add up. Asks the agent's /api/v1/ledger. */
import type { LedgerReport } from '../../telemetry/ledger/report.js';
import { askForJson } from '../ask-agent.js';
import { isAccountedFor, ledgerTable } from '../ledger-table.js';
import { print } from '../print.js';
import { EXIT_FAILED } from '../program.js';
import { type AgentQuestion, findAgent } from '../running-agent.js';

export interface LedgerOptions extends AgentQuestion {
  readonly json?: boolean;
}

/** Exit code 1 where something does not add up. Throws AGENT_UNREACHABLE. */
export async function ledger(
  options: LedgerOptions,
  out: NodeJS.WritableStream = process.stdout,
): Promise<number> {
  const agent = findAgent(options);
  const report = (await askForJson(new URL('api/v1/ledger', agent.url), agent)) as LedgerReport;
  await print(out, options.json ? `${JSON.stringify(report)}\n` : ledgerTable(report));
  return isAccountedFor(report) ? 0 : EXIT_FAILED;
}
