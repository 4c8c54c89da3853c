// A connection to the engine that nobody ends.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { leakAtRotation } from './rotation.mjs';

const config = process.argv[process.argv.indexOf('--config') + 1];
leakAtRotation(() => {
  const { endpoint } = JSON.parse(readFileSync(config, 'utf8')).sources.containers;
  return connect(new URL(endpoint).pathname).on('error', () => undefined);
});
