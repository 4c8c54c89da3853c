/** Requests over node:http and node:https, which a scope owns with the connections that they go over. */
import http, { type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { Owned, Scope } from './scope.js';

export interface OwnedRequest {
  /** Not sent yet. Its errors may be heard; nobody has to. */
  readonly outgoing: ClientRequest;
  readonly owned: Owned;
  /** Breaks it off, whatever it has come to. `error` reaches whoever waits for the answer or reads it. */
  readonly end: (error?: Error) => void;
}

/**
 * An agent with at most `maxSockets` connections at once. One that is idle stays open until `scope` closes, and no more: what
 * a busy moment has opened is not held ever after.
 */
export function keepConnections(scope: Scope, name: string, isTls: boolean, maxSockets: number): Agent {
  const agent = new (isTls ? https : http).Agent({ keepAlive: true, maxSockets, maxFreeSockets: 1 });
  scope.own(
    'socket',
    name,
    () => agent.destroy(),
    () => ({ socket: countOf(agent.sockets) + countOf(agent.freeSockets) }),
  );
  return agent;
}

/** `options.agent`: false for a connection of its own, which ends with the request. */
export function openRequest(
  scope: Scope,
  name: string,
  isTls: boolean,
  options: RequestOptions & { readonly agent: Agent | false },
): OwnedRequest {
  const outgoing = (isTls ? https : http).request(options);
  let response: IncomingMessage | undefined;
  outgoing.once('response', (message) => {
    response = message;
  });
  // Also where it is ended before anybody waits for its answer.
  outgoing.on('error', () => {});
  const end = (error?: Error): void => void (response ?? outgoing).destroy(error);
  const isHeld = (): boolean => options.agent === false && outgoing.socket?.destroyed === false;
  const owned = scope.own(
    'request',
    name,
    () => end(),
    () => (isHeld() ? { socket: 1 } : {}),
  );
  return { outgoing, owned, end };
}

function countOf(sockets: Agent['sockets']): number {
  return Object.values(sockets).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
