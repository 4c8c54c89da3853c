/** How lines look on a terminal. */
import { terminalText } from '../runtime/terminal-text.js';

export { terminalText } from '../runtime/terminal-text.js';

const ESCAPE = '\u001b';
const RESET = `${ESCAPE}[0m`;
const BAR_COLORS: Readonly<Record<string, string>> = {
  critical: '1;31',
  error: '31',
  warn: '33',
  info: '32',
  debug: '2',
  trace: '2',
};
const COLORS = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];

/** A line that a processor may have joined of several: what goes on is set back, so that it never looks like another one. */
export function lineText(line: string, colors: boolean): string {
  return line
    .split('\n')
    .map((part) => terminalText(part, colors))
    .join('\n    ');
}

/** Text that must not be overlooked: black on yellow. */
export function warning(text: string): string {
  return `${ESCAPE}[30;43m${text}${RESET}`;
}

/** What stands between a name and a line of this level: red, yellow, green, or less than the line. */
export function coloredBar(level: string): string {
  const color = BAR_COLORS[level];
  return color === undefined ? '|' : `${ESCAPE}[${color}m|${RESET}`;
}

/** The name in a colour of its own, always the same one. */
export function coloredName(name: string): string {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return `${ESCAPE}[${COLORS[Math.abs(hash) % COLORS.length]}m${name}${RESET}`;
}
