/**
 * Sizes, durations and percentages as people write them. A parser returns undefined for what it does not accept; each
 * formatter writes text that its parser reads back to the same value.
 */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** In milliseconds. */
export const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const QUANTITY = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i;

function parseQuantity(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === 'number') return parseQuantity(String(value), units);
  if (typeof value !== 'string') return undefined;
  const match = QUANTITY.exec(value.trim());
  const unit = match?.[2].toLowerCase();
  if (!match || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  const amount = Math.round(Number(match[1]) * units[unit]);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** Bytes: `2GiB`, `100MiB`, `64k` (= 64 KiB), `10MB` (= 10,000,000), plain bytes. */
export function parseSize(value: unknown): number | undefined {
  return parseQuantity(value, SIZE_UNITS);
}

/** Milliseconds: `200ms`, `5m`, `24h`, `7d`; a number needs its unit, but 0 is 0. */
export function parseDuration(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0;
  return parseQuantity(value, DURATION_UNITS);
}

/** A fraction of 1: `5%`. */
export function parsePercent(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(value.trim()) : null;
  const percent = match ? Number(match[1]) : Number.NaN;
  return percent <= 100 ? percent / 100 : undefined;
}

export function formatSize(bytes: number): string {
  return formatQuantity(bytes, [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['B', 1],
  ]);
}

export function formatDuration(ms: number): string {
  return formatQuantity(ms, [
    ['d', DURATION_UNITS['d']],
    ['h', DURATION_UNITS['h']],
    ['m', DURATION_UNITS['m']],
    ['s', DURATION_UNITS['s']],
    ['ms', 1],
  ]);
}

export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(6))}%`;
}

/** `1.2 GiB`: rounded for reading, not for parsing. */
export function roundedSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${Number(amount.toFixed(unit === 0 || amount >= 100 ? 0 : 1))} ${units[unit]}`;
}

function formatQuantity(amount: number, units: readonly (readonly [string, number])[]): string {
  for (const [name, factor] of units) {
    if (amount >= factor && amount % factor === 0) return `${amount / factor}${name}`;
  }
  return `${amount}${units[units.length - 1][0]}`;
}
