/**
 * How many datagrams the kernel dropped at a socket because its buffer was full, as Linux tells:
 *
 *   /proc/net/udp    sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
 *
 * Addresses are hexadecimal, each 32-bit word in the byte order of the machine; we know the little one.
 */
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';

const [LOCAL, DROPS] = [1, 12];

export interface UdpPlace {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** Since the socket was opened; undefined where the system does not tell, or several sockets have the port and none the address. */
export function readDrops({ address, family, port }: UdpPlace): number | undefined {
  try {
    const table = readFileSync(family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp', 'latin1');
    return dropsIn(table, address, port);
  } catch {
    return undefined;
  }
}

export function dropsIn(table: string, address: string, port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row[LOCAL]?.endsWith(suffix));
  const own = rows.length === 1 ? rows[0] : rows.find((row) => row[LOCAL] === hexOf(address) + suffix);
  const drops = Number(own?.[DROPS]);
  return Number.isInteger(drops) ? drops : undefined;
}

/** Of an IPv4 address; `::` is nothing but zeros. */
function hexOf(address: string): string {
  if (!isIPv4(address)) return '0'.repeat(32);
  return Buffer.from(address.split('.').map(Number)).reverse().toString('hex').toUpperCase();
}
