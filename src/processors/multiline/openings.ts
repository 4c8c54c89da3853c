/** Which grammars' events a line may begin, told by its first byte and first word for nearly all lines. */
import { ANY_BYTE, END, FAILED, type Grammar } from './grammar.js';
import type { Line } from './line.js';

type Indexes = readonly number[];

export class Openings {
  /** Whether lines that name an error need to be known. */
  readonly wantsErrors: boolean;
  /** Whether an empty line may begin an event. */
  readonly #wantsEmpty: boolean;
  /** Of the line that `begins` was asked about last: the state of each grammar, END where it begins nothing. */
  readonly states: Uint8Array;
  readonly #grammars: readonly Grammar[];
  /** By first byte, by what the line has beside that. */
  readonly #plain: readonly Indexes[];
  readonly #withName: readonly Indexes[];
  readonly #withError: readonly Indexes[];
  /** By first byte: 1 where `begins` needs to be asked though the line names no error. */
  readonly #may: Uint8Array;

  constructor(grammars: readonly Grammar[]) {
    this.#grammars = grammars;
    this.wantsErrors = grammars.some(({ beginsWithError }) => beginsWithError);
    this.#wantsEmpty = grammars.some(({ firstBytes }) => firstBytes === ANY_BYTE);
    this.states = new Uint8Array(grammars.length);
    const table = (isFor: (grammar: Grammar) => boolean): Indexes[] =>
      Array.from({ length: 256 }, (_, byte) => {
        const first = String.fromCharCode(byte);
        return grammars.flatMap((grammar, i) =>
          grammar.firstBytes.includes(first) || isFor(grammar) ? [i] : [],
        );
      });
    this.#plain = table(() => false);
    this.#withName = table(({ beginsWithName }) => beginsWithName);
    this.#withError = table(({ beginsWithName, beginsWithError }) => beginsWithName || beginsWithError);
    this.#may = Uint8Array.from({ length: 256 }, (_, byte) => {
      const mayBeName = FIRST_OF_NAME[byte] === 1 && this.#withName[byte].length > 0;
      return this.#plain[byte].length > 0 || mayBeName ? 1 : 0;
    });
  }

  /** Whether `begins` needs to be asked about the line data[start .. end) if it names no error. */
  mayBegin(data: Buffer, start: number, end: number): boolean {
    return start === end ? this.#wantsEmpty : this.#may[data[start]] === 1;
  }

  /** FAILED where a grammar says so; END where it begins nothing; else `states` says what. */
  begins(line: Line, namesError: boolean): number {
    if (line.isEmpty && !this.#wantsEmpty) return END;
    const may = this.#mayBegin(line, namesError);
    if (may.length === 0) return END;
    this.states.fill(END);
    let any = END;
    for (const i of may) {
      const state = this.#grammars[i].begin(line, namesError);
      if (state === FAILED) return FAILED;
      this.states[i] = state;
      any |= state;
    }
    return any;
  }

  #mayBegin(line: Line, namesError: boolean): Indexes {
    const first = line.isEmpty ? 0 : line.data[line.start];
    if (namesError) return this.#withError[first];
    return FIRST_OF_NAME[first] === 1 && line.beginsWithName ? this.#withName[first] : this.#plain[first];
  }
}

/** Of a class or a path; not of most times and addresses. */
const FIRST_OF_NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[a-zA-Z_/.<(-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
