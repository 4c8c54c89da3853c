/** The queries that people are given: of Grafana's dashboards and of docs/queries.md. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project.js';

export interface Query {
  /** Where it stands, for people. */
  readonly where: string;
  readonly text: string;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

/** What `or vector(0)` stands for: there may be nothing to show, and that is 0. */
const OR_ZERO = / or vector\(0\)/g;
const METRIC = /\b(?:log_capturer|process|nodejs)_[a-z0-9_]+/g;

export function dashboard(name: string): Dashboard {
  const file = path.join(projectRoot(), 'deploy/grafana/dashboards', name);
  return JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
}

export function panelQueries({ panels }: Dashboard): Query[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ where: `${title}, ${refId}`, text: expr })),
  );
}

/** The fenced blocks of a language in a document. */
export function documentQueries(name: string, language: string): Query[] {
  const text = readFileSync(path.join(projectRoot(), name), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, 'gms'))];
  return blocks.map(([, query], i) => ({ where: `${name}, ${language} ${i + 1}`, text: query }));
}

/** As Grafana would send it. Throws where a variable is left. */
export function filledIn(query: string, variables: Readonly<Record<string, string>>): string {
  return query.replace(/\$(\w+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`Nobody gives $${name} a value: ${query}`);
    return value;
  });
}

export function withoutZeros(query: string): string {
  return query.replace(OR_ZERO, '');
}

/** Names of metrics, those of the parts of a histogram as it is called. */
export function metricsIn(query: string): string[] {
  return [...query.matchAll(METRIC)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
}
