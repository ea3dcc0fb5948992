'use strict';
// What every one of the 25 operations shares: a wrong token and an unknown user are refused alike.

const { test } = require('node:test');
const { eachSdk, newClient, operations, refuses, refusesUnknownUser } = require('./helpers');

eachSdk('wrong token', (users, groups, version) => {
  const { userApi } = newClient(version, `00${'x'.repeat(40)}`);
  for (const [name, call] of Object.entries(operations)) {
    test(`${name} is refused with 401 E0000011`, () =>
      refuses(call(userApi, 'me'), 401, 'E0000011', 'Invalid token provided', []));
  }
});

eachSdk('unknown user', (users) => {
  const { createUser, listUsers, ...ofOneUser } = operations;
  for (const [name, call] of Object.entries(ofOneUser)) {
    test(`${name} is refused with 404 E0000007`, () =>
      refusesUnknownUser(call(users, '00uNoSuchUser0000000'), '00uNoSuchUser0000000'));
  }
});
