/** The page of the API: every route of its OpenAPI document, what it takes and what it answers. */
import { render } from 'preact';
import '../styles/tokens.css';
import '../styles/base.css';
import './api.css';
import {
  type ApiDocument,
  type Content,
  groups,
  keysOf,
  nameOf,
  type Route,
  type Schema,
  typeText,
} from './document.js';

const DOCUMENT = 'api/v1/openapi.json';

function Page({ document }: { readonly document: ApiDocument }) {
  const { info, components } = document;
  return (
    <>
      <header>
        <h1>
          {info.title} <span class="quiet">{info.version}</span>
        </h1>
        <p>
          <Words text={info.description} />
        </p>
        <p>
          <a href={DOCUMENT}>openapi.json</a> · <a href="./">the page</a>
        </p>
      </header>
      {[...groups(document)].map(([tag, routes]) => (
        <section key={tag}>
          <h2>{tag}</h2>
          {routes.map((route) => (
            <Operation key={`${route.method} ${route.path}`} route={route} />
          ))}
        </section>
      ))}
      <section>
        <h2>Answers</h2>
        {Object.entries(components.schemas).map(([name, schema]) => (
          <details key={name} id={name}>
            <summary>
              <code>{name}</code> <span class="quiet">{schema.description}</span>
            </summary>
            <Keys schema={schema} />
          </details>
        ))}
      </section>
    </>
  );
}

function Operation({ route: { method, path, operation } }: { readonly route: Route }) {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  return (
    <details>
      <summary>
        <code class={`method ${method.toLowerCase()}`}>{method}</code> <code>{path}</code>{' '}
        <span class="quiet">{summary}</span>
      </summary>
      {description && (
        <p>
          <Words text={description} />
        </p>
      )}
      {parameters.length > 0 && (
        <table>
          <caption>Parameters</caption>
          <tbody>
            {parameters.map((parameter) => (
              <tr key={parameter.name}>
                <th scope="row">
                  <code>{parameter.name}</code>
                </th>
                <td class="quiet">{typeText(parameter.schema)}</td>
                <td>
                  {parameter.required ? 'Required. ' : ''}
                  <Words text={parameter.description} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {requestBody && <Body title="Body" content={requestBody.content} />}
      {Object.entries(responses).map(
        ([status, { content }]) =>
          status !== 'default' &&
          content && <Body key={status} title={`Answer ${status}`} content={content} />,
      )}
    </details>
  );
}

function Body({ title, content }: { readonly title: string; readonly content: Content }) {
  return (
    <>
      {Object.entries(content).map(([type, { schema }]) => (
        <div key={type}>
          <h3>
            {title}: {type} <Type schema={schema} />
          </h3>
          <Keys schema={schema} />
        </div>
      ))}
    </>
  );
}

function Keys({ schema }: { readonly schema: Schema }) {
  const keys = keysOf(schema);
  if (keys.length === 0) return schema.description ? <p>{schema.description}</p> : null;
  return (
    <table>
      <tbody>
        {keys.map(([key, part, isOptional]) => (
          <tr key={key}>
            <th scope="row">
              <code>
                {key}
                {isOptional ? '?' : ''}
              </code>
            </th>
            <td>
              <Type schema={part} />
            </td>
            <td>
              {part.description}
              <Keys schema={{ ...part, description: '' }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Type({ schema }: { readonly schema: Schema }) {
  const name = nameOf(schema.items ?? schema);
  if (name === undefined) return <span class="quiet">{typeText(schema)}</span>;
  const open = (): void => {
    const target = globalThis.document.getElementById(name);
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  return (
    <a href={`#${name}`} onClick={open}>
      {typeText(schema)}
    </a>
  );
}

/** What stands between backticks is code. */
function Words({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

function Trouble({ text }: { readonly text: string }) {
  return (
    <header>
      <h1>log-capturer</h1>
      <p role="alert">The document did not come: {text}</p>
      <p>
        <a href="./">Go to the page</a>, and log in there where that is asked.
      </p>
    </header>
  );
}

async function show(into: Element): Promise<void> {
  try {
    const response = await fetch(DOCUMENT);
    if (!response.ok) throw new Error(`the agent answers ${response.status}.`);
    render(<Page document={(await response.json()) as ApiDocument} />, into);
  } catch (error) {
    render(<Trouble text={error instanceof Error ? error.message : String(error)} />, into);
  }
}

const place = document.getElementById('api');
if (place) void show(place);
