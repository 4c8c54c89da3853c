/**
 * Lines made safe for a terminal. A log line is written by anybody: it may set the window's title, answer as if typed,
 * or move the cursor to hide what came before. Colours (SGR) stay; every other sequence goes, and control characters,
 * also those that turn the direction of writing, become visible dots.
 */
const ESCAPE = '\u001b';
// In order: colours, other CSI, OSC and the other strings with their ends, two-character escapes, and what is left of
// control characters but the tab. One pass, so that what goes cannot make something new of what stays.
const NOT_TEXT = new RegExp(
  [
    `(${ESCAPE}\\[[0-9;:]*m)`,
    `${ESCAPE}\\[[0-?]*[ -/]*[@-~]`,
    `${ESCAPE}[\\]PX^_][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)?`,
    `${ESCAPE}[ -/]*[0-~]`,
    '((?!\\t)[\\p{Cc}\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069])',
  ].join('|'),
  'gu',
);
const DOT = '\u00b7';
const RESET = `${ESCAPE}[0m`;

/** `line` with nothing but text, tabs and, where `colors`, colours that end with the line. */
export function terminalText(line: string, colors: boolean): string {
  const safe = line.replace(NOT_TEXT, (_, color: string | undefined, control: string | undefined) => {
    if (control !== undefined) return DOT;
    return colors ? (color ?? '') : '';
  });
  return safe.includes(ESCAPE) ? safe + RESET : safe;
}
