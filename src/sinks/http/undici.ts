/**
 * The part of undici that sinks use. Its index also loads fetch, WebSocket, caches and mocks, and with them some of Node's
 * own modules, at each start (docs/performance.md has the measurement).
 */
import api from 'undici/lib/api/index.js';
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';

// As its index does: without them there is no `request` and no `connect`.
Object.assign(Dispatcher.prototype, api);

export { buildConnector, Client, Pool };
