/**
 * Which line goes on what the one before it of the same container and output began: stack traces above all, and other
 * texts of several lines. Found when read, from the texts alone.
 *
 *   Java, JavaScript, .NET    …Exception: …   then   "    at …", "Caused by: …", "\t... 12 more"
 *   Python                    Traceback (most recent call last):   then indented lines, and "ValueError: …" at its end
 *   Go                        panic: …   then   goroutine 1 [running]:, main.f(…), "\t/file.go:12 +0x1d", created by …
 *   PHP, Ruby                 #0 /file.php(12): f(), "\tfrom file.rb:1:in …"
 *   whatever else             indented lines, and the bracket that closes what they were in
 */

const INDENTED = /^(?:\t| {2,}| (?=at |from ))\s*\S/;
const CAUSE = /^(?:Caused by: |Suppressed: |Stack trace:$|\.\.\. \d+ (?:more|common frames))/;
const NUMBERED = /^#\d+ (?:\S+\(\d+\): |\{main\}|\[internal function\])/;
const CLOSING = /^[)\]}]+[,;]?$/;
const PYTHON =
  /^Traceback \(most recent call last\):|^(?:During handling of the above|The above exception was the direct)/;
const PYTHON_END =
  /^(?:[a-zA-Z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Group)\b|[a-zA-Z_][\w.]*: )/;
const GO = /^(?:.{0,200}\b)?(?:panic: |fatal error: |goroutine \d+ \[)/;
const GO_GOES_ON =
  /^(?:$|goroutine \d+ \[|\[signal |created by |exit status \d|panic: |[\w./*()[\]{}-]+\(.*\)$)/;
/** What no line has behind a colour of the terminal at its beginning. */
const COLORS = new RegExp(`^(?:${String.fromCharCode(27)}\\[[0-9;]*m)+`);

/** How the lines of one container and output hang together, as they come in their order. */
export class Folding {
  #text: 'plain' | 'python' | 'go' | undefined;
  #wasIndented = false;

  /** Whether this line goes on the one before it. To be asked for every line, in order. */
  goesOn(line: string): boolean {
    const text = line.charCodeAt(0) === 27 ? line.replace(COLORS, '') : line;
    const goesOn = this.#text !== undefined && this.#joins(text);
    if (!goesOn) this.#begin(text);
    return goesOn;
  }

  #begin(text: string): void {
    this.#wasIndented = false;
    this.#text = PYTHON.test(text) ? 'python' : GO.test(text) ? 'go' : 'plain';
  }

  #joins(text: string): boolean {
    if (INDENTED.test(text)) {
      this.#wasIndented = true;
      return true;
    }
    if (this.#text === 'go') return GO_GOES_ON.test(text);
    if (this.#text === 'python') return this.#pythonJoins(text);
    return CAUSE.test(text) || NUMBERED.test(text) || (this.#wasIndented && CLOSING.test(text));
  }

  #pythonJoins(text: string): boolean {
    if (text === '' || PYTHON.test(text)) return true;
    if (!this.#wasIndented || !PYTHON_END.test(text)) return false;
    this.#wasIndented = false;
    return true;
  }
}
