// What the client programs of this directory have in common: they tell what
// happens to them as one JSON object per line, and read what to do from their
// standard input, whose end ends them.
import readline from 'node:readline';

export const args = Object.fromEntries(
  process.argv.slice(2).map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));

export const report = (what, more) => process.stdout.write(JSON.stringify({what, ...more}) + '\n');

// obey calls actions[what](more) for each line {"what":…, …} read.
export function obey(actions) {
  const lines = readline.createInterface({input: process.stdin});
  lines.on('line', (line) => {
    const {what, ...more} = JSON.parse(line);
    actions[what](more);
  });
  lines.on('close', () => process.exit(0));
}
