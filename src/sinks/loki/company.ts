/**
 * Requests of several lanes that are ready in the same turn travel as one. There are several lanes so that a slow answer
 * to one does not hold up the others; a commit has a little for each of them.
 *
 * Only what Loki is expected to take goes in company, as it answers for the last stream of a request only. That it took all
 * is the answer to each; anything that it refuses is told of all of them together, and whoever reads it must know.
 */
import { type Request, requestWeight } from './request.js';

export interface Answered<Reply> {
  readonly reply: Reply;
  /** Of all that it is the answer to. */
  readonly weight: number;
  /** It is the answer to other requests, too. */
  readonly inCompany: boolean;
}

/** What leaves at the end of this turn. */
interface Departure<Reply> {
  readonly requests: Request[];
  readonly tenant: string | undefined;
  readonly signal: AbortSignal;
  weight: number;
  readonly reply: Promise<Reply>;
}

export class Company<Reply> {
  readonly #post: (request: Request, signal: AbortSignal) => Promise<Reply>;
  #leaving: Departure<Reply>[] = [];

  constructor(post: (request: Request, signal: AbortSignal) => Promise<Reply>) {
    this.#post = post;
  }

  /** Sends the request with others of its tenant, up to `maxWeight` together. Rejects as `post` does, for all of them. */
  async send(request: Request, maxWeight: number, signal: AbortSignal): Promise<Answered<Reply>> {
    const weight = requestWeight(request);
    const joined = this.#leaving.find(
      (other) =>
        other.tenant === request.tenant && other.signal === signal && other.weight + weight <= maxWeight,
    );
    const departure = joined ?? this.#plan(request.tenant, signal);
    departure.requests.push(request);
    departure.weight += weight;
    const reply = await departure.reply;
    return { reply, weight: departure.weight, inCompany: departure.requests.length > 1 };
  }

  #plan(tenant: string | undefined, signal: AbortSignal): Departure<Reply> {
    const requests: Request[] = [];
    const leave = async (): Promise<Reply> => {
      await new Promise(setImmediate);
      this.#leaving = this.#leaving.filter((other) => other !== departure);
      return this.#post({ pieces: requests.flatMap(({ pieces }) => pieces), tenant }, signal);
    };
    const departure: Departure<Reply> = { requests, tenant, signal, weight: 0, reply: leave() };
    this.#leaving.push(departure);
    return departure;
  }
}
