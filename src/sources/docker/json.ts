/** Reading JSON that others wrote: whatever is not of the expected shape reads as empty. */

/** Throws a SyntaxError. */
export function parseJson(source: string): unknown {
  return JSON.parse(source);
}

export function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The entries of an object that are strings. */
export function textRecord(value: unknown): Record<string, string> {
  const strings: [string, string][] = [];
  for (const [key, item] of Object.entries(object(value)))
    if (typeof item === 'string') strings.push([key, item]);
  return Object.fromEntries(strings);
}
