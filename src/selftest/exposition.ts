/** Reads the text format of Prometheus, as far as an agent writes it. */

/** `name{label="value",…} 12.5`, with quotes, backslashes and newlines escaped in values. */
const SERIES = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class Exposition {
  readonly #series: readonly (readonly [name: string, labels: string, value: number])[];

  constructor(text: string) {
    this.#series = text.split('\n').flatMap((line) => {
      const match = line.startsWith('#') ? null : SERIES.exec(line);
      return match ? [[match[1], match[2] ?? '', Number(match[3])] as const] : [];
    });
  }

  /** Over all series of a family; undefined where it has none. */
  sum(family: string): number | undefined {
    const values = this.#series.filter(([name]) => name === family).map(([, , value]) => value);
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }

  /** The values of a family by one of its labels. */
  by(family: string, label: string): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [name, labels, value] of this.#series) {
      if (name !== family) continue;
      const key = [...labels.matchAll(LABEL)].find(([, known]) => known === label)?.[2];
      if (key !== undefined) values[key] = (values[key] ?? 0) + value;
    }
    return values;
  }
}
