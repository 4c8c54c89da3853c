/**
 * Under which names the server may be asked. The pages of other sites must not get in through the reader's own browser,
 * which on loopback needs no login:
 * - the Host must be a name that only this machine's user would type. A hostile site can point its own name at
 *   127.0.0.1 (DNS rebinding), but then that name is the Host. An IP address cannot be taken over so;
 * - what browsers say that a page of another site asks for is refused, but for a link to follow;
 * - no CORS headers, and headers that forbid framing, sniffing and scripts from elsewhere.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Judges Host headers for a server that listens on `boundHost`, which is also known as `others`. */
export function createHostGuard(
  boundHost: string,
  others: readonly string[] = [],
): (host: string | undefined) => boolean {
  const names = new Set(['localhost', boundHost, hostname(), ...others].map((name) => name.toLowerCase()));
  return (host) => {
    const name = host === undefined ? undefined : hostName(host);
    return name !== undefined && (names.has(name) || isIP(name) !== 0);
  };
}

/** `[::1]:8401` → `::1`; undefined where it is no host. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** As browsers say it, which no page can change. Older ones only name the page's origin. */
export function isFromOtherSite({ headers }: Pick<Asked, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host);
}

/** Somebody follows a link: the page that has it sees nothing of the answer. */
export function followsLink({ method, headers }: Asked): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}
