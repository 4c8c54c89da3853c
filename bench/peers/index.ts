/** The collectors that `npm run bench -- --peers` knows. */
import { fluentBit, fluentBitDurable } from './fluent-bit.js';
import { type Peer, versionOf } from './peer.js';
import { promtail } from './promtail.js';

const ALL: readonly Peer[] = [fluentBit, fluentBitDurable, promtail];

/** Those on the PATH, with what they call themselves. */
export function peersHere(): { readonly peer: Peer; readonly version: string }[] {
  return ALL.flatMap((peer) => {
    const version = versionOf(peer);
    return version === undefined ? [] : [{ peer, version }];
  });
}
