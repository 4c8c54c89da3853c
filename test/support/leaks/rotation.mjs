// What every leak put in on purpose has in common: one more thing is held at each rotation of a stream, until the end.
import { subscribe } from 'node:diagnostics_channel';

const held = [];

/** `leak` opens something and returns it. */
export function leakAtRotation(leak) {
  subscribe('log-capturer:stream.rotated', () => held.push(leak()));
}

// What has leaked would keep the process alive after it was told to stop.
process.once('SIGTERM', () => setTimeout(() => process.exit(0), 3000).unref());
