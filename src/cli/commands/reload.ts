/** `reload`: has a running agent read its configuration anew, and says what it did, or why it did not. */
import type { ReloadResult } from '../../config/shape.js';
import { aligned } from '../aligned.js';
import { askForJson } from '../ask-agent.js';
import { print } from '../print.js';
import { EXIT_FAILED } from '../program.js';
import { type AgentQuestion, findAgent } from '../running-agent.js';
import { terminalText } from '../terminal-text.js';

/** Answers the exit code: 1 where it was refused or failed. Throws AGENT_UNREACHABLE. */
export async function reload(
  options: AgentQuestion,
  out: NodeJS.WritableStream = process.stdout,
): Promise<number> {
  const agent = findAgent(options);
  const url = new URL('api/v1/config/reload', agent.url);
  const told = (await askForJson(url, agent, { method: 'POST' })) as ReloadResult;
  await print(out, textOf(told));
  return told.result === 'refused' || told.result === 'failed' ? EXIT_FAILED : 0;
}

function textOf({ result, changes, problems }: ReloadResult): string {
  const said = problems.map(({ line, column, message, remedy }) =>
    terminalText(
      `${line === null ? '' : `${line}:${column ?? 1}: `}${message} ${remedy ?? ''}`.trimEnd(),
      false,
    ),
  );
  const done = changes.filter(({ change }) => change !== 'unchanged');
  const rows = done.map(({ component, change, why }) =>
    [component, change, why].map((cell) => terminalText(cell, false)),
  );
  const head = {
    applied: 'Reloaded:\n\n',
    unchanged: 'Reloaded: nothing is different.\n',
    refused: 'Not reloaded, the configuration in force goes on:\n\n',
    failed: 'Not reloaded:\n\n',
  };
  return `${head[result]}${rows.length > 0 ? aligned(rows) : ''}${said.map((line) => `${line}\n`).join('')}`;
}
