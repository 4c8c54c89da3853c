import { expect, test } from 'vitest';
import { dropsIn } from './udp-drops.js';

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
const row = (local: string, drops: number): string =>
  ` 1234: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 ${drops}       `;
const V6 = '00000000000000000000000000000000';

test.each([
  ['the one of the port', [row('0100007F:0202', 5), row('0100007F:05EA', 7)], '127.0.0.1', 7],
  ['of several the one of the address', [row('0200007F:05EA', 5), row('0100007F:05EA', 7)], '127.0.0.1', 7],
  [
    'of several none of the address',
    [row('0200007F:05EA', 5), row('0300007F:05EA', 7)],
    '127.0.0.1',
    undefined,
  ],
  ['all addresses', [row('00000000:05EA', 5), row('0100007F:05EA', 7)], '0.0.0.0', 5],
  ['IPv6', [row(`${V6}:05EA`, 5), row(`1${V6.slice(1)}:05EA`, 7)], '::', 5],
  ['none', [row('0100007F:0202', 5)], '127.0.0.1', undefined],
  ['a table that is none', ['what'], '127.0.0.1', undefined],
])('%s', (_, rows, address, drops) => {
  expect(dropsIn([HEAD, ...rows, ''].join('\n'), address, 1514)).toBe(drops);
});
