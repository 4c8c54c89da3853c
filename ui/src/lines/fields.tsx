import { readAnsi } from '../lib/ansi.js';
import { IconButton } from '../parts/button.js';
import type { LineActions } from './detail.js';

const LEVELS: readonly string[] = ['level', 'detected_level'];

/** What processors found in a line, as a table. A level is asked for as the agent names it, whatever the program calls it. */
export function Fields({
  fields,
  level,
  actions: { onField, onLevel },
}: {
  readonly fields: Readonly<Record<string, string>>;
  readonly level: string;
  readonly actions: LineActions;
}) {
  const only = (name: string, value: string): (() => void) | undefined => {
    if (LEVELS.includes(name) && level !== 'unknown') return onLevel && (() => onLevel(level));
    return onField && (() => onField(name, value));
  };
  return (
    <table class="detail-fields" aria-label="Fields of this line">
      <tbody>
        {Object.entries(fields).map(([name, value]) => {
          const onClick = only(name, value);
          return (
            <tr key={name}>
              <th scope="row">{readAnsi(name).text}</th>
              <td class="detail-value">{readAnsi(value).text}</td>
              <td>
                {onClick && (
                  <IconButton icon="only" label={`Only lines with this ${name}`} onClick={onClick} />
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
