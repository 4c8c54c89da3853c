/**
 * How many objects of the classes that leak are on the heap: what neither scopes nor the system tell of, such as
 * unreferenced timers, promises that nobody settles, and listeners. Each count collects garbage first, and stops the
 * process for some 50 to 150 ms; between two it breathes.
 *
 * Objects count with those of subclasses and with prototypes, so only differences mean something.
 */
import { ReadStream } from 'node:fs';
import { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Server, Socket } from 'node:net';
import { setImmediate as breathe } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { MessagePort, Worker } from 'node:worker_threads';
import { type AnyClass, unexportedClasses } from '../../runtime/node-classes.js';
import { Scope } from '../../runtime/scope.js';

const EXPORTED: readonly (readonly [name: string, ofClass: AnyClass])[] = [
  ['Socket', Socket],
  ['Server', Server],
  ['ClientRequest', ClientRequest],
  ['IncomingMessage', IncomingMessage],
  ['ServerResponse', ServerResponse],
  ['ReadStream', ReadStream],
  ['Worker', Worker],
  ['MessagePort', MessagePort],
  ['AbortController', AbortController],
  ['AbortSignal', AbortSignal],
  ['Promise', Promise],
  ['Scope', Scope as unknown as AnyClass],
];

/** By class. */
export async function countObjects(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, ofClass] of [...(await unexportedClasses()), ...EXPORTED]) {
    counts[name] = Number(queryObjects(ofClass));
    await breathe();
  }
  return counts;
}
