/** How lines look on a terminal. */
export { terminalText } from '../runtime/terminal-text.js';

const ESCAPE = '\u001b';
const RESET = `${ESCAPE}[0m`;
const COLORS = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];

/** Text that must not be overlooked: black on yellow. */
export function warning(text: string): string {
  return `${ESCAPE}[30;43m${text}${RESET}`;
}

/** The name in a colour of its own, always the same one. */
export function coloredName(name: string): string {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return `${ESCAPE}[${COLORS[Math.abs(hash) % COLORS.length]}m${name}${RESET}`;
}
