// Faye's client: it renews its subscriptions by itself, so that a new session
// shows in its handshakes and subscriptions only.
import faye from 'faye';
import {args, obey, report} from './report.mjs';

const client = new faye.Client(args.url, {retry: 0.1});
if (args.transport === 'long-polling') {
  client.disable('websocket');
}
const told = {'/meta/handshake': 'handshake', '/meta/connect': 'connect', '/meta/disconnect': 'disconnect', '/meta/subscribe': 'subscribe'};
let connected;
client.addExtension({
  incoming(message, callback) {
    const what = told[message.channel];
    if (what && (what !== 'connect' || message.successful !== connected)) {
      report(what, {successful: message.successful, error: message.error});
    }
    if (what === 'connect') {
      connected = message.successful;
    }
    callback(message);
  },
});
client.subscribe(args.channel).withChannel((channel, data) => report('message', {channel, data}));

obey({
  publish: ({channel, data}) => client.publish(channel, data).then(
    () => report('publish', {successful: true}),
    (error) => report('publish', {successful: false, error: error.message})),
  disconnect: () => client.disconnect(),
});
