/** The time of a line as the runtime stamped it: seconds since 1970, and nanoseconds within. */
export interface LineTime {
  readonly seconds: number;
  readonly nanos: number;
}

const SECOND_NANOS = 1_000_000_000;

/** RFC 3339 with nanoseconds. */
export function timeText(seconds: number, nanos: number): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanos).padStart(9, '0')}Z`;
}

export function timeOfMs(ms: number): LineTime {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.floor((ms - seconds * 1000) * 1e6) };
}

/** The nanosecond before; 1970 has none before its first. */
export function justBefore({ seconds, nanos }: LineTime): LineTime {
  if (nanos > 0) return { seconds, nanos: nanos - 1 };
  return seconds > 0 ? { seconds: seconds - 1, nanos: SECOND_NANOS - 1 } : { seconds, nanos };
}
