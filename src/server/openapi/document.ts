/** The API as an OpenAPI 3.1 document: `GET /api/v1/openapi.json`, and a page that shows it. */
import type { FastifyInstance } from 'fastify';
import { answer } from '../answers.js';
import { ANSWERS } from './answers.js';
import { type Parameter, ROUTES, type Route } from './paths.js';
import type { Schema } from './schema.js';

/** The window's page for it; relative to the routes' place. */
const PAGE = '../../api.html';

const NAMES = new Map<Schema, string>(Object.entries(ANSWERS).map(([name, schema]) => [schema, name]));
const ERROR = { $ref: '#/components/schemas/Error' };
const DESCRIPTION =
  'Everything that the page shows comes from here. Times are RFC 3339 in UTC with nanoseconds. Errors are JSON, ' +
  '`{"error":{"code","message","remedy"}}`. Where a login is required send `Authorization: Bearer <token>`. ' +
  'Requests that browsers make for pages of other sites are refused.';

export function addOpenApi(app: FastifyInstance, version: string, basePath: string): void {
  let document: object | undefined;
  app.get('/api/v1/openapi.json', (_request, reply) => {
    document ??= openApiDocument(version, basePath);
    return answer(reply, document);
  });
  app.get('/api/v1/docs', (_request, reply) => reply.redirect(PAGE, 302));
}

export function openApiDocument(version: string, basePath: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: '3.1.0',
    info: { title: 'log-capturer', version, description: DESCRIPTION },
    servers: [{ url: basePath || '/' }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(
        Object.entries(ANSWERS).map(([name, schema]) => [name, refersBelow(schema)]),
      ),
    },
  };
}

function operation(route: Route): object {
  const { group, summary, description, parameters, body, status = 200, answer, isPrivate, isOpen } = route;
  const notes = [
    description,
    isPrivate && 'Only where a login is required, or where only this machine can ask.',
    isOpen && 'Answers also who is not logged in.',
  ].filter(Boolean);
  return {
    tags: [group],
    summary,
    ...(notes.length > 0 && { description: notes.join(' ') }),
    ...(parameters?.length && { parameters: parameters.map(shownParameter) }),
    ...(body && { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      [status]: {
        description: summary,
        ...(Object.keys(answer).length > 0 && { content: contentOf(answer) }),
      },
      default: { description: 'What was wrong.', content: { 'application/json': { schema: ERROR } } },
    },
  };
}

function shownParameter({ schema, ...rest }: Parameter): object {
  return { ...rest, schema };
}

function contentOf(byType: Readonly<Record<string, Schema>>): object {
  return Object.fromEntries(
    Object.entries(byType).map(([type, schema]) => [type, { schema: referred(schema) }]),
  );
}

/** A schema with a name is referred to by it. */
function referred(schema: Schema): object {
  const name = NAMES.get(schema);
  return name === undefined ? refersBelow(schema) : { $ref: `#/components/schemas/${name}` };
}

function refersBelow(schema: Schema): object {
  const { properties, items, additionalProperties: others } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, referred(part)])),
    }),
    ...(items && { items: referred(items) }),
    ...(typeof others === 'object' && { additionalProperties: referred(others) }),
  };
}
