/** Go's layouts of times (`2006-01-02 15:04:05.000`) in strftime's notation, as the processor `timestamp` has it. */
const NAMED: Readonly<Record<string, string>> = {
  RFC3339: 'rfc3339',
  RFC3339Nano: 'rfc3339',
  RFC1123: 'rfc1123',
  Unix: 'unix',
  UnixMs: 'unix_ms',
  UnixUs: 'unix_us',
  UnixNs: 'unix_ns',
};
/** Names of layouts that have no name here. */
const LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
};
const PARTS: Readonly<Record<string, string>> = {
  January: '%B',
  Jan: '%b',
  Monday: '%A',
  Mon: '%a',
  MST: '%Z',
  '2006': '%Y',
  '06': '%y',
  '01': '%m',
  '1': '%m',
  '02': '%d',
  _2: '%e',
  '2': '%d',
  '15': '%H',
  '03': '%I',
  '3': '%I',
  '04': '%M',
  '4': '%M',
  '05': '%S',
  '5': '%S',
  PM: '%p',
  pm: '%p',
};
/** In the order in which Go looks for them at a place. A fraction stands behind seconds, and no digit behind it. */
const PART =
  /January|Jan|Monday|Mon|MST|2006|002|0[1-6]|15|_2(?!006)|[1-5]|PM|pm|[Z-]07(?::?00(?::?00)?)?|[.,](?:0+|9+)(?!\d)|%|[\s\S]/g;

/** A format of `timestamp`; undefined where there is none. */
export function timeFormat(layout: string): string | undefined {
  if (Object.hasOwn(NAMED, layout)) return NAMED[layout];
  const text = Object.hasOwn(LAYOUTS, layout) ? LAYOUTS[layout] : layout;
  let format = '';
  for (const [piece] of text.matchAll(PART)) {
    if (piece === '002') return undefined;
    if (piece === '%') format += '%%';
    else if (/^[Z-]07/.test(piece)) format += '%z';
    else if (/^[.,][09]/.test(piece)) format += '%f';
    else format += Object.hasOwn(PARTS, piece) ? PARTS[piece] : piece;
  }
  return format;
}
