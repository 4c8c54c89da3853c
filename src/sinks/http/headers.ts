/** Headers of every request: one of the configuration takes the place of one of ours, whatever its case. */
export function headersOf(
  contentType: string,
  configured: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const own = Object.entries(configured).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { 'content-type': contentType, ...Object.fromEntries(own) };
}
