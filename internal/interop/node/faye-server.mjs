// Faye's server, at /cometd, over long-polling and WebSocket. It has no
// server-side disconnect: what it does to a client whose session it removes
// is what it does to an expired one.
import http from 'node:http';
import faye from 'faye';
import {args, serve} from './control.mjs';

const adapter = new faye.NodeAdapter({mount: '/cometd', timeout: Number(args.timeout ?? 30000) / 1000});
adapter.addExtension({
  incoming(message, callback) {
    const forbidden = [].concat(message.subscription ?? message.channel ?? []).find((name) => name.startsWith('/forbidden'));
    if (forbidden) {
      message.error = `403:${forbidden}:Forbidden channel`;
    }
    callback(message);
  },
});

const sessions = new Set();
adapter.on('handshake', (id) => sessions.add(id));
adapter.on('disconnect', (id) => sessions.delete(id));

const server = http.createServer();
adapter.attach(server);
const engine = adapter._server._engine;
let held = 0;
const connect = engine.connect;
engine.connect = function (...args) {
  held++;
  return connect.apply(this, args);
};
const destroy = (id) => engine.destroyClient(id);
serve(server, {
  sessions: () => [...sessions],
  publish: (channel, data) => engine.publish({channel, data}),
  disconnect: destroy,
  forget: destroy,
  held: () => held,
  waiting: () => [...sessions].filter((id) => engine.hasConnection(id)).length,
  subscribers: (channel) => [...engine._engine._channels.get(channel) ?? []].length,
});
