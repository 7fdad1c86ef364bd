// The CometD project's Node server, at /cometd, with its acknowledged-messages
// extension if ack=true.
import http from 'node:http';
import cometd from 'cometd-nodejs-server';
import ack from 'cometd-nodejs-server/ack-extension.js';
import {args, serve} from './control.mjs';

const server = cometd.createCometDServer({
  timeout: Number(args.timeout ?? 30000),
  maxInterval: Number(args.maxInterval ?? 10000),
  sweepPeriod: 50,
});
if (args.ack === 'true') {
  server.addExtension(new ack.AcknowledgedMessagesExtension());
}
const allowed = (name, callback) => callback(undefined, !name.startsWith('/forbidden'));
server.policy = {
  canSubscribe: (session, message, channel, callback) => allowed(channel.name, callback),
  canPublish: (session, message, channel, callback) => allowed(channel.name, callback),
};

const sessions = new Map();
let held = 0;
server.addListener('sessionAdded', (session) => {
  sessions.set(session.id, session);
  session.addListener('suspended', () => held++);
});
server.addListener('sessionRemoved', (session) => sessions.delete(session.id));

serve(http.createServer(server.handle), {
  sessions: () => [...sessions.keys()],
  publish: (channel, data) => server.createServerChannel(channel).publish(null, data),
  disconnect: (id) => sessions.get(id).disconnect(),
  forget: (id) => {
    // As the server's own sweep does when a session has expired.
    const session = sessions.get(id);
    session._scheduler?.cancel();
    server._removeServerSession(session, true);
  },
  held: () => held,
  waiting: () => [...sessions.values()].filter((session) => session._scheduler).length,
  subscribers: (channel) => server.getServerChannel(channel)?.subscribers.length ?? 0,
});
