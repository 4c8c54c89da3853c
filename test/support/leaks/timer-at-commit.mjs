// A timer that nobody clears, one more at each commit of many lines.
import { subscribe } from 'node:diagnostics_channel';

const held = [];
subscribe('log-capturer:journal.committed', ({ lines }) => {
  if (lines >= 50) held.push(setInterval(() => undefined, 2 ** 30));
});
