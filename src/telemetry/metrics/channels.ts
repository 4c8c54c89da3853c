import type { Channel } from 'node:diagnostics_channel';
import type { Scope } from '../../runtime/scope.js';

/** Hears a channel of runtime/probes.ts until the scope closes. */
export function listen(scope: Scope, channel: Channel, hear: (message: unknown) => void): void {
  scope.own('listener', String(channel.name), () => {
    channel.unsubscribe(hear);
  });
  channel.subscribe(hear);
}
