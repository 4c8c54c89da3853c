// A reader that does not end: the answer that it reads cannot be destroyed, so that its stream stays open when its turn is over.
import { IncomingMessage } from 'node:http';

// It is called with the response that it belongs to.
// oxlint-disable-next-line typescript/unbound-method
const { destroy } = IncomingMessage.prototype;
let isStopping = false;

IncomingMessage.prototype.destroy = function (...parts) {
  const isStream = /\/logs\?.*follow=(1|true)/.test(this.req?.path ?? '');
  return isStream && !isStopping ? this : destroy.apply(this, parts);
};

// What does not end would keep the process alive after it was told to stop.
process.once('SIGTERM', () => {
  isStopping = true;
  setTimeout(() => process.exit(0), 3000).unref();
});
