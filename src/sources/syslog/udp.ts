/**
 * Syslog over UDP: a datagram is a message. Nobody can ask a sender to wait: what the system drops because its buffer is
 * full, and what is dropped here while the journal is behind, is counted, and told as a gap.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Scope } from '../../runtime/scope.js';
import { readDrops } from './udp-drops.js';

/** Asked for; the system gives at most net.core.rmem_max. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** Taken while the journal is behind. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const LOOK_MS = 5_000;

export interface UdpEvents {
  readonly onMessage: (datagram: Buffer, peer: string) => void;
  /** As of `TcpEvents`. */
  readonly push: () => Promise<void> | undefined;
  /** So many were lost since the time before. */
  readonly onDropped: (datagrams: number) => void;
}

/** Listens until `scope` closes. Rejects with the system's error where it cannot. */
export async function listenUdp(scope: Scope, host: string, port: number, events: UdpEvents): Promise<void> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: BUFFER_BYTES });
  let isWaiting = false;
  let isPushing = false;
  let waitingBytes = 0;
  let droppedHere = 0;
  const push = (): void => {
    isPushing = false;
    if (isWaiting) return;
    waitingBytes = 0;
    const wait = events.push();
    if (!wait) return;
    isWaiting = true;
    void wait.then(() => {
      isWaiting = false;
      push();
    });
  };
  socket.on('message', (datagram, { address }) => {
    if (datagram.length === 0) return;
    if (isWaiting && waitingBytes > MAX_WAITING_BYTES) {
      droppedHere++;
      return;
    }
    waitingBytes += datagram.length;
    events.onMessage(datagram, address.replace(/^::ffff:/, ''));
    // What has come in this turn of the event loop goes together.
    if (!isPushing) setImmediate(push);
    isPushing = true;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
  // An error of one datagram is none of the socket.
  socket.on('error', () => {});
  const { address, family } = socket.address();
  const place = {
    address,
    family: family === 'IPv6' ? 'IPv6' : 'IPv4',
    port: socket.address().port,
  } as const;
  let seen = readDrops(place) ?? 0;
  const look = (): void => {
    const now = readDrops(place) ?? seen;
    const dropped = Math.max(0, now - seen) + droppedHere;
    seen = now;
    droppedHere = 0;
    if (dropped > 0) events.onDropped(dropped);
  };
  scope.own(
    'socket',
    'syslog over UDP',
    () =>
      new Promise<void>((resolve) => {
        look();
        socket.close(resolve);
        void events.push();
      }),
  );
  scope.interval('datagrams that were dropped', LOOK_MS, look);
}
