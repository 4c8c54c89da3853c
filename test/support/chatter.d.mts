export interface Saying {
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

export const CHATTER_SERVICES: readonly string[];

/** What a service says as its n-th at a time, n from 0 on: one line or several. */
export function chatter(service: string, n: number, date: Date): Saying[];

/** Milliseconds between what it says as its n-th and the next, `meanMs` on average. */
export function pauseAfter(n: number, meanMs: number): number;
