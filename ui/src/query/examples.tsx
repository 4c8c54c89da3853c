/** What a query can say, by examples that one press takes over. */
import './query.css';

const EXAMPLES = [
  ['timeout', 'the text, upper and lower case being one'],
  ['{container="web"} |= "timeout"', 'lines of a container that hold the text'],
  ['{compose_project="shop"} != "health" != "metrics"', 'lines of a project that hold neither'],
  ['|~ `5\\d\\d` !~ `(?i)bot`', 'patterns (RE2); in backquotes a backslash is itself'],
  ['{container=~"web-.*"} | level=~"warn|error"', 'by level, and by a pattern of names'],
] as const;

export function QueryExamples({ onTake }: { readonly onTake: (query: string) => void }) {
  return (
    <dl class="query-examples">
      {EXAMPLES.map(([query, what]) => (
        <div key={query}>
          <dt>
            <button type="button" class="text-button" onClick={() => onTake(query)}>
              <code>{query}</code>
            </button>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
