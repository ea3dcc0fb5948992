// A Roster of the test's own, and its administrator.
'use strict';

const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const TOKEN = `00${'b'.repeat(40)}`;

/** Starts the server that ROSTER_BINARY names, on any free port, and answers how to reach it. */
async function start() {
  const folder = mkdtempSync(path.join(tmpdir(), 'roster-browser-'));
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', folder];
  if (process.env.ROSTER_TEST_DATABASE) args.push('--database', process.env.ROSTER_TEST_DATABASE);
  const server = spawn(process.env.ROSTER_BINARY, args, {
    env: { ...process.env, ROSTER_BOOTSTRAP_TOKEN: TOKEN, ROSTER_ADMIN_PASSWORD: 'Adm1nPassw0rd' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with status ${code}`)));
    readline.createInterface({ input: server.stdout }).on('line', (line) => {
      const told = /^Roster serves (\S+)/.exec(line);
      if (told) resolve(told[1]);
    });
  });
  return {
    url,
    /** Sends a request of the administrator and answers the body. */
    async api(method, where, body) {
      const response = await fetch(url + where, {
        method,
        headers: { authorization: `SSWS ${TOKEN}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
      return text && JSON.parse(text);
    },
    /** The latest message to an address in the mailbox. */
    async mail(address, kind) {
      const mails = await (await fetch(`${url}/dev/mailbox.json`)).json();
      const found = mails.find((mail) => mail.to === address && mail.kind === kind);
      if (!found) throw new Error(`no ${kind} for ${address} among ${JSON.stringify(mails)}`);
      return found;
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

module.exports = { start };
