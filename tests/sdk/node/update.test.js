'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const {
  OTHER_PASSWORD, PASSWORD, POLICY, QUESTION, assertPassword, assertSame, assertStatus, eachSdk, newProfile, newUser,
  nextSecond, password, refusesInvalid, refusesStatus, refusesUnknownUser,
} = require('./helpers');

// partialUpdateUser is updateUser in the SDKs, and updateUser is replaceUser. What both must do:
function sharedTests(users, update) {
  test('changes the profile and moves lastUpdated alone', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const updated = await update(user.id, { profile: { ...user.profile, city: 'Paris' } });
    assert.equal(updated.profile.city, 'Paris');
    assert.ok(updated.lastUpdated > user.lastUpdated);
    assertSame({ ...updated, lastUpdated: null, profile: null }, { ...user, lastUpdated: null, profile: null });
    assertSame(await users.getUser({ userId: user.id }), updated);
  });

  test('moves a user to another login', async () => {
    const user = await newUser.staged(users);
    const { login } = newProfile();
    await update(user.id, { profile: { ...user.profile, login } });
    assert.equal((await users.getUser({ userId: login })).id, user.id);
    await refusesUnknownUser(users.getUser({ userId: user.profile.login }), user.profile.login);
  });

  test('refuses a login that another user has, and changes nothing', async () => {
    const [user, other] = [await newUser.staged(users), await newUser.staged(users)];
    await refusesInvalid(update(user.id, { profile: { ...user.profile, city: 'Paris', login: other.profile.login } }),
      'login', ['login: An object with this field already exists in the current organization']);
    assertSame(await users.getUser({ userId: user.id }), user);
  });

  test('refuses to blank a required attribute', async () => {
    const user = await newUser.staged(users);
    await refusesInvalid(update(user.id, { profile: { ...user.profile, firstName: null } }), 'firstName',
      ['firstName: The field cannot be left blank']);
  });

  test('refuses an unknown profile attribute', async () => {
    const user = await newUser.staged(users);
    await refusesInvalid(update(user.id, { profile: { ...user.profile, notValid: 'x' } }), 'profile',
      ["Property name 'notValid' is not defined in profile"]);
  });

  test('sets a password, and moves passwordChanged', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const updated = await update(user.id, { credentials: password(OTHER_PASSWORD) });
    assert.ok(updated.passwordChanged > user.passwordChanged);
    assert.deepEqual(updated.profile, user.profile);
    await assertPassword(users, user.id, OTHER_PASSWORD);
  });

  test('with a password makes a PROVISIONED user ACTIVE', async () => {
    const user = await newUser.provisioned(users);
    await update(user.id, { credentials: password(PASSWORD) });
    assertStatus(await users.getUser({ userId: user.id }), 'ACTIVE');
  });

  test('with a password leaves a STAGED user STAGED', async () => {
    const user = await newUser.staged(users);
    assertStatus(await update(user.id, { credentials: password(PASSWORD) }), 'STAGED');
  });

  test('refuses a weak password, and keeps the old one', async () => {
    const user = await newUser.active(users);
    await refusesInvalid(update(user.id, { credentials: password('weak') }), 'password',
      [new RegExp(`^password: ${POLICY}`)]);
    await assertPassword(users, user.id, PASSWORD);
  });

  test('refuses a used password when strict, and takes it otherwise', async () => {
    const user = await newUser.active(users);
    await refusesInvalid(update(user.id, { credentials: password(PASSWORD) }, true), 'password',
      [new RegExp(`^password: ${POLICY}.*Your password cannot be any of your last`)]);
    await update(user.id, { credentials: password(PASSWORD) }, false);
  });

  test('sets a recovery question', async () => {
    const user = await newUser.active(users);
    const updated = await update(user.id, { credentials: { recovery_question: QUESTION } });
    assert.equal(updated.credentials.recovery_question.question, QUESTION.question);
    assert.deepEqual(updated.passwordChanged, user.passwordChanged);
  });

  test('is refused for a DEPROVISIONED user', async () => {
    const user = await newUser.deprovisioned(users);
    await refusesStatus(update(user.id, { profile: { ...user.profile, city: 'Paris' } }));
  });
}

eachSdk('partialUpdateUser', (users) => {
  const update = (userId, user, strict) => users.updateUser({ userId, user, strict });
  sharedTests(users, update);

  test('keeps what it does not name, and clears what it names as null', async () => {
    const user = await newUser.staged(users);
    await update(user.id, { profile: { city: 'Paris', department: 'Looms' } });
    const updated = await update(user.id, { profile: { city: null, nickName: 'Ada' } });
    assert.equal(updated.profile.city, undefined);
    assert.equal(updated.profile.department, 'Looms');
    assert.equal(updated.profile.nickName, 'Ada');
    assert.equal(updated.profile.login, user.profile.login);
  });

  test('that changes nothing leaves lastUpdated', async () => {
    const user = await newUser.staged(users);
    await nextSecond();
    assertSame(await update(user.id, {}), user);
  });
});

eachSdk('updateUser', (users) => {
  const update = (userId, user, strict) => users.replaceUser({ userId, user, strict });
  sharedTests(users, update);

  test('clears what it does not name', async () => {
    const profile = newProfile({ city: 'Paris', mobilePhone: '555' });
    const user = await users.createUser({ body: { profile }, activate: false });
    const { city, mobilePhone, ...rest } = profile;
    const updated = await update(user.id, { profile: rest });
    assert.equal(updated.profile.city, undefined);
    assert.equal(updated.profile.mobilePhone, null);
    assertSame(await users.getUser({ userId: user.id }), updated);
  });

  test('refuses a profile that lacks a required attribute', async () => {
    const user = await newUser.staged(users);
    const { lastName, ...rest } = newProfile();
    await refusesInvalid(update(user.id, { profile: rest }), 'lastName', ['lastName: The field cannot be left blank']);
  });

  test('with a profile alone keeps the credentials', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    const updated = await update(user.id, { profile: newProfile() });
    assert.deepEqual(updated.credentials, user.credentials);
    assert.deepEqual(updated.passwordChanged, user.passwordChanged);
    await assertPassword(users, user.id, PASSWORD);
  });

  test('with a password alone leaves lastUpdated', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const updated = await update(user.id, { credentials: password(OTHER_PASSWORD) });
    assert.deepEqual(updated.lastUpdated, user.lastUpdated);
  });

  test('takes back a user as it was read', async () => {
    const { id } = await newUser.active(users);
    const user = await users.getUser({ userId: id });
    user.profile.title = 'Countess';
    const updated = await update(id, user);
    assert.equal(updated.profile.title, 'Countess');
    assertStatus(updated, 'ACTIVE');
    await assertPassword(users, id, PASSWORD);
  });
});
