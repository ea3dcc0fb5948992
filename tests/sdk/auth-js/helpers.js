'use strict';
// What both files need: the client of somebody who signs in, an administrator's hand, fixtures, and codes by RFC 6238.

const assert = require('node:assert/strict');
const { createHmac, randomBytes } = require('node:crypto');
const { OktaAuth } = require('@okta/okta-auth-js');

const orgUrl = process.env.OKTA_CLIENT_ORGURL;
const PASSWORD = 'Abcd1234#@';
const OTHER_PASSWORD = 'Wxyz9876#@';
const QUESTION = { question: 'Who wrote the first program?', answer: 'Countess Ada' };

// Somebody's browser: nothing is shared with another one.
function newClient() {
  const memory = { storageType: 'memory' };
  const storageManager = { token: memory, cache: memory, transaction: memory };
  return new OktaAuth({ issuer: orgUrl, clientId: 'none', redirectUri: `${orgUrl}/callback`, storageManager });
}

// A request with the API token: of an administrator, or of a trusted application.
async function admin(method, path, body) {
  const response = await fetch(`${orgUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `SSWS ${process.env.OKTA_CLIENT_TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${text}`);
  return text && JSON.parse(text);
}

async function newUser() {
  const login = `ada-${randomBytes(6).toString('hex')}@ada.example`;
  return admin('POST', '/users', {
    profile: { firstName: 'Ada', lastName: 'Lovelace', login, email: login },
    credentials: { password: { value: PASSWORD }, recovery_question: QUESTION },
  });
}

const signIn = (user, password = PASSWORD, client = newClient()) =>
  client.signInWithCredentials({ username: user.profile.login, password });

async function status(user) {
  return (await admin('GET', `/users/${user.id}`)).status;
}

// The client throws what the org refuses.
async function refuses(promise, httpStatus, code) {
  const error = await promise.then(() => assert.fail('not refused'), (thrown) => thrown);
  assert.equal(error.errorCode, code, error);
  assert.equal(error.xhr.status, httpStatus);
}

// The session that a finished sign-in is good for.
async function sessionOf(transaction) {
  assert.equal(transaction.status, 'SUCCESS');
  assert.equal(transaction.sessionToken.length, 55);
  return admin('POST', '/sessions', { sessionToken: transaction.sessionToken });
}

// The code of a secret so many time steps from now (RFC 6238).
function totp(secret, steps = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

module.exports = {
  OTHER_PASSWORD, PASSWORD, QUESTION, admin, newClient, newUser, refuses, sessionOf, signIn, status, totp,
};
