/**
 * Access logs of web servers, the Common Log Format and what nginx and Apache call `combined`:
 *
 *   192.0.2.7 - alice [22/Nov/2026:12:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://example.org/" "curl/8.5"
 *
 * Fields `remote_addr`, `ident`, `remote_user`, `time`, `method`, `path`, `protocol`, `status`, `bytes`, and of combined
 * `referer` and `user_agent`; a request that has not three parts is `request`. A lone `-` is no field. Escapes in quotes
 * stay: servers write them differently. What stands behind is not looked at.
 */

import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { CLOSE, closingQuote, DASH, find, OPEN, QUOTE, SPACE } from './bytes.js';
import type { Format } from './format.js';

const NAMES = [
  'remote_addr',
  'ident',
  'remote_user',
  'time',
  'method',
  'path',
  'protocol',
  'request',
  'status',
  'bytes',
  'referer',
  'user_agent',
] as const;

/** Of what stands before the time. */
const HEAD_BYTES = 1024;

export class AccessFormat implements Format {
  readonly #fields: FieldSet;
  readonly #isCombined: boolean;
  readonly #slots: Readonly<Record<(typeof NAMES)[number], Slot>>;

  constructor(fields: FieldSet, isCombined: boolean) {
    this.#fields = fields;
    this.#isCombined = isCombined;
    const slots: Partial<Record<(typeof NAMES)[number], Slot>> = {};
    for (const name of NAMES) slots[name] = fields.slot(name);
    this.#slots = slots as Record<(typeof NAMES)[number], Slot>;
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    const failure = this.#isCombined ? 'combined' : 'clf';
    const head = Math.min(end, start + HEAD_BYTES);
    const addr = find(data, SPACE, start, head);
    if (addr === start) return failure;
    const ident = find(data, SPACE, addr + 1, head);
    // A user's name may hold spaces.
    let open = ident + 1;
    while (open < head && !(data[open] === OPEN && data[open - 1] === SPACE)) open++;
    if (open >= head || open <= ident + 1) return failure;
    const close = find(data, CLOSE, open, head);
    if (close + 2 >= end || data[close + 1] !== SPACE || data[close + 2] !== QUOTE) return failure;
    const request = close + 3;
    const requestEnd = closingQuote(data, request, end);
    if (requestEnd + 1 >= end || data[requestEnd + 1] !== SPACE) return failure;
    const status = requestEnd + 2;
    const statusEnd = find(data, SPACE, status, end);
    if (statusEnd !== status + 3 || statusEnd === end) return failure;
    const bytes = statusEnd + 1;
    const bytesEnd = find(data, SPACE, bytes, end);
    if (bytesEnd === bytes) return failure;
    let referer = 0;
    let refererEnd = 0;
    let agent = 0;
    let agentEnd = 0;
    if (this.#isCombined) {
      if (bytesEnd + 1 >= end || data[bytesEnd + 1] !== QUOTE) return failure;
      referer = bytesEnd + 2;
      refererEnd = closingQuote(data, referer, end);
      if (refererEnd + 2 >= end || data[refererEnd + 1] !== SPACE || data[refererEnd + 2] !== QUOTE)
        return failure;
      agent = refererEnd + 3;
      agentEnd = closingQuote(data, agent, end);
      if (agentEnd === end) return failure;
    }
    const slots = this.#slots;
    this.#put(slots.remote_addr, data, start, addr);
    this.#put(slots.ident, data, addr + 1, ident);
    this.#put(slots.remote_user, data, ident + 1, open - 1);
    this.#put(slots.time, data, open + 1, close);
    this.#putRequest(data, request, requestEnd);
    this.#put(slots.status, data, status, statusEnd);
    this.#put(slots.bytes, data, bytes, bytesEnd);
    this.#put(slots.referer, data, referer, refererEnd);
    this.#put(slots.user_agent, data, agent, agentEnd);
    return undefined;
  }

  #putRequest(data: Buffer, from: number, to: number): void {
    const method = find(data, SPACE, from, to);
    let path = to;
    while (path > method + 1 && data[path - 1] !== SPACE) path--;
    const { method: methodSlot, path: pathSlot, protocol, request } = this.#slots;
    if (method === to || path - 1 <= method + 1 || path === to) return this.#put(request, data, from, to);
    this.#put(methodSlot, data, from, method);
    this.#put(pathSlot, data, method + 1, path - 1);
    this.#put(protocol, data, path, to);
  }

  #put(slot: Slot, data: Buffer, from: number, to: number): void {
    if (to - from !== 1 || data[from] !== DASH) this.#fields.put(slot, from, to);
  }
}
