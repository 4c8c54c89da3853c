/** Figures as people read them. */
import { roundedSize } from '../../runtime/units.js';

export type Unit = 'count' | 'bytes' | 'percent' | 'per second' | 'per minute';

/** As written after a figure's axis or title; a count and bytes need none. */
export const UNIT_SUFFIX: Readonly<Record<Unit, string>> = {
  count: '',
  bytes: '',
  percent: '% of a core',
  'per second': 'a second',
  'per minute': 'a minute',
};

/** `12,345`. */
export function grouped(n: number): string {
  return Math.round(n)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant digits at least, as short as can be: `0.0123`, `1.5`, `12,345`. */
export function short(n: number): string {
  if (!Number.isFinite(n)) return '–';
  const size = Math.abs(n);
  if (size >= 100 || Number.isInteger(n)) return grouped(n).replace('-', '−');
  return Number(n.toPrecision(3)).toString().replace('-', '−');
}

export function figure(n: number, unit: Unit): string {
  if (unit === 'bytes') return n < 0 ? `−${roundedSize(-n)}` : roundedSize(n);
  return unit === 'percent' ? `${Number(n.toFixed(1))}%` : short(n);
}

/** `+0.02`. */
export function signed(text: string): string {
  return text.startsWith('−') || text === '0' || text === '0 B' ? text : `+${text}`;
}

/** `1:02:03` or `02:03`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
