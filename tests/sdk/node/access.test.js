'use strict';
// What every one of the 25 operations shares: a wrong token and an unknown user are refused alike.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { eachSdk, newClient, newUser, operations, orgUrl, refuses, refusesUnknownUser } = require('./helpers');

eachSdk('wrong token', (users, groups, version) => {
  const { userApi } = newClient(version, { token: `00${'x'.repeat(40)}` });
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

eachSdk('settings', (users, groups, version) => {
  // The SDK then asks for //api/v1/….
  test('an org URL may end with a slash', async () => {
    const { userApi } = newClient(version, { orgUrl: `${orgUrl}/` });
    const { id } = await newUser.staged(users);
    assert.equal((await userApi.getUser({ userId: id })).id, id);
  });

  test('with the SDK\'s cache on, a read after a write sees the change', async () => {
    const { userApi } = newClient(version, { cacheMiddleware: undefined });
    const { id } = await newUser.active(userApi);
    assert.equal((await userApi.getUser({ userId: id })).status, 'ACTIVE');
    await userApi.suspendUser({ userId: id });
    assert.equal((await userApi.getUser({ userId: id })).status, 'SUSPENDED');
  });
});
