/** What is right by itself and wrong together: two components that would work on the same thing. */
import type { Places, Problem } from './problems.js';
import type { Config } from './types.js';

/** One problem for each component that does what an earlier one does already. */
export function clashesIn(config: Config, places: Places): Problem[] {
  const problems: Problem[] = [];
  const engines = new Map<string, string>();
  let reader: string | undefined;
  for (const [name, source] of Object.entries(config.sources)) {
    if (source.type === 'stdin') {
      if (reader !== undefined) {
        const message = `sources.${name}: standard input can be read once, and sources.${reader} reads it`;
        problems.push({ place: places.key(['sources', name]), message });
      }
      reader ??= name;
    }
    if (source.type !== 'docker') continue;
    const engine = source.endpoint ?? '';
    const first = engines.get(engine);
    if (first === undefined) engines.set(engine, name);
    else {
      const message = `sources.${name}: reads the same engine as sources.${first}, so every line would come twice (give it another endpoint, or leave it out)`;
      problems.push({ place: places.key(['sources', name]), message });
    }
  }
  const directories = new Map<string, string>();
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'file') continue;
    const { directory } = sink;
    const first = directories.get(directory);
    if (first === undefined) directories.set(directory, name);
    else {
      const message = `sinks.${name}: writes into the same directory as sinks.${first} (give it one of its own)`;
      problems.push({ place: places.key(['sinks', name]), message });
    }
  }
  return problems;
}
