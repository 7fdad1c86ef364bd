// The official JavaScript client: subscribes to args.channel after every
// handshake, as its documentation tells applications to.
import {adapt} from 'cometd-nodejs-client';
import {AckExtension, CometD} from 'cometd';
import {args, obey, report} from './report.mjs';

adapt();
const client = new CometD();
if (args.transport === 'long-polling') {
  client.unregisterTransport('websocket');
} else {
  client.unregisterTransport('long-polling');
}
client.unregisterTransport('callback-polling');
if (args.ack === 'true') {
  client.registerExtension('ack', new AckExtension());
}
client.configure({url: args.url, logLevel: args.log ?? 'error', backoffIncrement: 100});

client.addListener('/meta/handshake', (reply) => {
  report('handshake', {successful: reply.successful, error: reply.error, ext: reply.ext});
  if (reply.successful) {
    client.subscribe(args.channel,
      (message) => report('message', {channel: message.channel, data: message.data}),
      (reply) => report('subscribe', {successful: reply.successful, error: reply.error}));
  }
});
let connected;
client.addListener('/meta/connect', (reply) => {
  if (reply.successful !== connected) {
    connected = reply.successful;
    report('connect', {successful: reply.successful, error: reply.error});
  }
});
client.addListener('/meta/disconnect', (reply) => report('disconnect', {successful: reply.successful}));
client.handshake();

obey({
  publish: ({channel, data}) =>
    client.publish(channel, data, (reply) => report('publish', {successful: reply.successful, error: reply.error})),
  disconnect: () => client.disconnect(),
});
