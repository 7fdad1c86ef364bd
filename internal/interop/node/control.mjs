// What the server programs of this directory have in common: their arguments
// (key=value), the control interface that the tests use, the line that tells
// the ports, and the end of the program with its standard input.
import http from 'node:http';

export const args = Object.fromEntries(
  process.argv.slice(2).map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));

// serve listens with bayeux, an http.Server, opens the control interface on a
// port of its own and prints both. target: sessions() gives the ids,
// publish(channel, data), disconnect(id) ends a session and tells the client,
// forget(id) removes it as if it had expired, subscribers(channel) counts them,
// held() tells something that changes when another connect is held, waiting()
// how many are.
export function serve(bayeux, target) {
  const control = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://control');
    const query = Object.fromEntries(url.searchParams);
    let answer = '';
    try {
      switch (url.pathname) {
        case '/sessions':
          answer = target.sessions().join('\n');
          break;
        case '/publish': {
          const pad = query.pad > 0 ? {pad: 'x'.repeat(query.pad)} : {};
          const first = Number(query.first);
          for (let n = first; n < first + Number(query.count); n++) {
            target.publish(query.channel, {n, ...pad});
          }
          break;
        }
        case '/subscribers':
          answer = String(target.subscribers(query.channel));
          break;
        case '/held':
          answer = String(target.held());
          break;
        case '/waiting':
          answer = String(target.waiting());
          break;
        case '/disconnect':
          target.sessions().forEach(target.disconnect);
          break;
        case '/forget':
          target.sessions().forEach(target.forget);
          break;
        default:
          throw new Error(`no control ${request.url}`);
      }
    } catch (failure) {
      console.error(failure);
      response.statusCode = 500;
      answer = String(failure);
    }
    response.end(answer);
  });
  bayeux.listen(Number(args.port ?? 0), '127.0.0.1', () => {
    control.listen(0, '127.0.0.1', () => {
      console.log(`LISTENING ${bayeux.address().port} ${control.address().port}`);
    });
  });
  // Nothing is ever written to the standard input; it ends with the test
  // process, however that ends.
  process.stdin.resume();
  process.stdin.on('close', () => process.exit(0));
}
