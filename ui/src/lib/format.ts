/** Figures for people: always with their unit, and never more digits than mean something. */

const INTEGER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const SPANS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `1,204` */
export function count(n: number): string {
  return INTEGER.format(n);
}

/** `1 line`, `1,204 lines` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `950`, `12.3 k`, `4.56 M`: for places where 1,204,117 is too long */
export function short(n: number): string {
  if (n < 1000) return digits(n);
  if (n < 1_000_000) return `${digits(n / 1000)} k`;
  return n < 1e9 ? `${digits(n / 1e6)} M` : `${digits(n / 1e9)} G`;
}

/** `1.23 MiB` */
export function bytes(n: number): string {
  const power = n < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(n) / 10));
  return power === 0 ? `${Math.round(n)} B` : `${digits(n / 1024 ** power)} ${UNITS[power]}`;
}

/** Three digits that mean something: `0.04`, `1.25`, `12.5`, `125` */
export function digits(n: number): string {
  if (n === 0) return '0';
  const size = Math.abs(n);
  return size >= 100 ? count(n) : n.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, '') || '0';
}

/** `1.2 k lines/s` */
export function rate(perSecond: number, what: string): string {
  return `${short(perSecond)} ${what}/s`;
}

/** `350 ms`, `12 s`, `5 min`, `3 h 20 min`, `12 d` */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const at = SPANS.findIndex(([, span]) => seconds >= span);
  const [unit, span] = SPANS[at] ?? ['s', 1];
  if (unit === 's') return `${digits(Math.floor(seconds * 10) / 10)} s`;
  const whole = Math.floor(seconds / span);
  const next = SPANS[at + 1];
  const rest = next && whole < 10 ? Math.floor((seconds - whole * span) / next[1]) : 0;
  return rest > 0 && next ? `${whole} ${unit} ${rest} ${next[0]}` : `${whole} ${unit}`;
}

/** `12 s ago`, `now` */
export function ago(ms: number, nowMs = Date.now()): string {
  const seconds = Math.floor((nowMs - ms) / 1000);
  return seconds < 1 ? 'now' : `${duration(seconds)} ago`;
}
