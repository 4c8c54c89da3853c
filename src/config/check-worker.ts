/** The thread of check-link.ts: one check, one answer. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { type CheckGiven, checkConfig } from './check.js';

const { given, port } = workerData as { readonly given: CheckGiven; readonly port: MessagePort };
port.postMessage(checkConfig(given));
