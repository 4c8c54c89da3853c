/**
 * Takes secrets out of lines and of their fields before anything of them is written.
 *
 * A secret that is found in several ways is counted once, by the first rule that finds it. What is replaced already is
 * no secret: lines that pass twice, such as those that `multiline` held over a kill, come out as they went in.
 */
import type { RedactProcessorConfig } from '../../config/processor-types.js';
import type { Position, Processor, Stage, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { Tally } from '../tally.js';
import { NamedSecrets } from './assignment.js';
import { keyPartOf } from './key-lines.js';
import { endsInKey, PRIVATE_KEY } from './private-key.js';
import { markOf, Redactor } from './redactor.js';
import { rulesNamed, secretsOf } from './rules.js';

const UNCHECKED = 'too_costly';
const KEY_MARK = markOf(PRIVATE_KEY.name);
const nothing = (): void => {};

export function createRedactProcessor(
  name: string,
  { rules, patterns }: Pick<RedactProcessorConfig, 'rules' | 'patterns'>,
): Processor {
  const tally = new Tally(name);
  const redactor = new Redactor(rulesNamed(rules), patterns);
  const named = new NamedSecrets(secretsOf(rules));
  const findsKeys = rules.includes(PRIVATE_KEY.name);
  return {
    name,
    figures: tally,
    begin: (context) => new RedactStage(context, { tally, redactor, named, findsKeys }),
  };
}

interface Parts {
  readonly tally: Tally;
  readonly redactor: Redactor;
  readonly named: NamedSecrets;
  readonly findsKeys: boolean;
}

class RedactStage implements Stage {
  readonly #context: StageContext;
  readonly #parts: Parts;
  readonly #counts: (rule: string) => void;
  /** Label texts of the streams whose last line ended within a private key. */
  #open = new Set<string>();

  constructor(context: StageContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#counts = (rule) => parts.tally.did(rule);
  }

  process(draft: Draft): void {
    this.#parts.tally.lines += this.#redact(draft, this.#open, this.#counts);
  }

  mask(draft: Draft): void {
    this.#redact(draft, new Set(this.#open), nothing);
  }

  memory(): Position | undefined {
    return this.#open.size > 0 ? [...this.#open] : undefined;
  }

  remember(memory: Position): void {
    this.#open = new Set(memory as readonly string[]);
  }

  /** Answers how many lines it looked at. */
  #redact(draft: Draft, open: Set<string>, did: (rule: string) => void): number {
    const { selects } = this.#context;
    let lines = 0;
    for (let row = 0; row < draft.length; row++) {
      if (!selects(draft.stream[row])) continue;
      lines++;
      this.#parts.redactor.renew();
      // What could not be checked is told when all is done: the mark is none of what is to be checked.
      const areUnchecked = draft.metadata?.has(row) === true && this.#redactFields(draft, row, did);
      const isUnchecked = this.#redactLine(draft, row, open, did);
      if ((areUnchecked || isUnchecked) && did !== nothing) this.#parts.tally.fail(draft, row, UNCHECKED);
    }
    return lines;
  }

  /** True where it could not be checked. */
  #redactLine(draft: Draft, row: number, open: Set<string>, did: (rule: string) => void): boolean {
    if (open.size > 0 && this.#redactKeyLine(draft, row, open, did)) return false;
    const { redactor, findsKeys } = this.#parts;
    const start = draft.start[row];
    const end = draft.end[row];
    const verdict = redactor.redact(draft.arena, start, end, did);
    if (verdict === 'clean') return false;
    if (findsKeys && endsInKey(draft.arena, start, end)) {
      const stream = this.#context.streams.get(draft.stream[row]);
      if (stream) open.add(stream.text);
    }
    const at = draft.append(redactor.out, 0, redactor.length);
    draft.setLine(row, at, draft.tail);
    return verdict === 'unchecked';
  }

  /** True where the line was one of a key that began in a line before it. */
  #redactKeyLine(draft: Draft, row: number, open: Set<string>, did: (rule: string) => void): boolean {
    const stream = this.#context.streams.get(draft.stream[row]);
    if (!stream || !open.has(stream.text)) return false;
    const from = keyPartOf(draft.arena, draft.start[row], draft.end[row]);
    if (from === undefined) {
      open.delete(stream.text);
      return false;
    }
    if (from < draft.end[row]) {
      const at = draft.append(draft.arena, draft.start[row], from);
      draft.append(KEY_MARK, 0, KEY_MARK.length);
      draft.setLine(row, at, draft.tail);
      did(PRIVATE_KEY.name);
    }
    return true;
  }

  /** True where one of them could not be checked. */
  #redactFields(draft: Draft, row: number, did: (rule: string) => void): boolean {
    const { redactor, named } = this.#parts;
    let isUnchecked = false;
    draft.metadata?.replaceValues(row, (bytes, nameStart, nameEnd, from, to) => {
      const secret = from < to ? named.of(bytes, nameStart, nameEnd) : undefined;
      if (secret?.accepts(bytes, from, to, 'strong', nameStart)) {
        did(secret.rule);
        return markOf(secret.rule);
      }
      const verdict = redactor.redact(bytes, from, to, did);
      if (verdict === 'unchecked') isUnchecked = true;
      return verdict === 'clean' ? undefined : redactor.out.subarray(0, redactor.length);
    });
    return isUnchecked;
  }
}
