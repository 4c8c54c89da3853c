/** Figures in words, the same in every criterion. */

/** Three significant digits; whole numbers whole. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return Number(text) === 0 ? '0' : String(Number(text));
}

export function signed(value: number): string {
  return value > 0 ? `+${figure(value)}` : figure(value);
}

/** "1 sample", "3 samples". */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The first few by name, and how many more there are. */
export function some(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${figure(more)} more` : names.join(', ');
}
