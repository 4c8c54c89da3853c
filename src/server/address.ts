/** Addresses to listen on, as the configuration has them. */
import { isIPv4 } from 'node:net';

/** True where only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** For people on this machine to click on. */
export function shownUrl(host: string, port: number, scheme = 'http'): string {
  return `${scheme}://${shownHost(host)}:${port}`;
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
