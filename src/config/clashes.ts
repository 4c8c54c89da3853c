/** What is right by itself and wrong together: two components that would work on the same thing. */
import path from 'node:path';
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
  problems.push(...directoryClashes(config, places));
  return problems;
}

/** Each file sink counts and removes what lies below its directory: nobody else may work there. */
function directoryClashes({ sinks, dataDir }: Config, places: Places): Problem[] {
  const problems: Problem[] = [];
  const known: { readonly name: string; readonly directory: string }[] = [];
  for (const [name, sink] of Object.entries(sinks)) {
    if (sink.type !== 'file') continue;
    const { directory } = sink;
    const place = places.key(['sinks', name]);
    const other = known.find(
      (other) => isWithin(directory, other.directory) || isWithin(other.directory, directory),
    );
    known.push({ name, directory });
    if (isWithin(dataDir, directory)) {
      const message = `sinks.${name}: its directory ${directory === dataDir ? 'is' : 'holds'} the data directory (give it one of its own, such as ${path.join(dataDir, 'logs')})`;
      problems.push({ place, message });
    } else if (other?.directory === directory) {
      const message = `sinks.${name}: writes into the same directory as sinks.${other.name} (give it one of its own)`;
      problems.push({ place, message });
    } else if (other) {
      const message = `sinks.${name}: its directory and that of sinks.${other.name} lie one in the other (put them side by side)`;
      problems.push({ place, message });
    }
  }
  return problems;
}

/** Whether `inner` is `outer`, or lies somewhere in it. Both absolute. */
function isWithin(inner: string, outer: string): boolean {
  const [first] = path.relative(outer, inner).split(path.sep);
  return first !== '..' && !path.isAbsolute(first);
}
