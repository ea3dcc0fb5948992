'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { assertSame, clientId, eachSdk, newProfile, newUser, refusesUnknownUser, unique } = require('./helpers');

eachSdk('getUser', (users) => {
  const create = (login) => users.createUser({ body: { profile: newProfile({ login }) }, activate: false });

  test('finds a user by id, by login in any letter case and by the login before the @', async () => {
    const user = await newUser.staged(users);
    const { login } = user.profile;
    for (const userId of [user.id, login, login.toUpperCase(), login.split('@')[0]]) {
      assertSame(await users.getUser({ userId }), user);
    }
  });

  test('finds a login that holds a plus sign', async () => {
    const user = await create(`${unique('ada')}+math@ada.example`);
    assert.equal((await users.getUser({ userId: user.profile.login })).id, user.id);
  });

  test('refuses a short name that two logins share', async () => {
    const shortName = unique('ada');
    await create(`${shortName}@ada.example`);
    await create(`${shortName}@babbage.example`);
    await refusesUnknownUser(users.getUser({ userId: shortName }), shortName);
  });

  test('finds the owner of the token as me', { skip: clientId && 'a client is no user' }, async () => {
    const me = await users.getUser({ userId: 'me' });
    assert.equal(me.status, 'ACTIVE');
    assertSame(await users.getUser({ userId: me.id }), me);
  });

  test('names an unknown login as it was asked for', () =>
    refusesUnknownUser(users.getUser({ userId: 'No.Body@ada.example' }), 'No.Body@ada.example'));

  test('takes ids letter case by letter case', async () => {
    const userId = (await newUser.staged(users)).id.toUpperCase();
    await refusesUnknownUser(users.getUser({ userId }), userId);
  });
});
