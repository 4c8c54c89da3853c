/** Queries: what people look for in lines, read, written and compiled (query.ts), and the level of a line. */
export { compileQuery, type LineFilter } from './filter.js';
export { levelOf } from './level.js';
export { LEVELS, type Level } from './level-names.js';
export { parseQuery } from './parse.js';
export { type FieldTest, type LineOperator, type LineTest, type Query, QueryError } from './query.js';
export { queryText } from './text.js';
export { levelOfLabels, levelOfLine } from './told-level.js';
