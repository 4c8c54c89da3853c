/** What of a request is sent again after a 400 that does not tell which of its lines were refused. */
import { mayBe } from './entries.js';
import { byStream, type Request, streamsOf } from './request.js';
import type { Told } from './told.js';

/** The request to be sent again one stream a request. */
export function suspects(request: Request, told: Told): Request[] {
  return byStream(request).map((single) => ({ ...single, isAgain: tookTheRest(told, streamsOf(single)[0]) }));
}

/**
 * Whether what `told` does not refuse of the stream is stored. Validation stores what it does not refuse; what the ingester
 * says is of one stream, and in company no other one can have been behind.
 */
export function tookTheRest(told: Told, labels: string): boolean {
  switch (told.kind) {
    case 'validation':
      return true;
    case 'ingester':
      return !mayBe(told.stream, labels);
    case 'unknown':
      return told.reason !== undefined;
    default:
      return false;
  }
}
