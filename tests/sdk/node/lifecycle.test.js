'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const {
  PASSWORD, QUESTION, assertPassword, assertSame, assertStatus, changePassword, collect, eachSdk, newProfile, newUser,
  nextSecond, orgUrl, password, refuses, refusesInvalid, refusesStatus, refusesUnknownUser, temporaryPassword,
} = require('./helpers');

const refusesActivation = (call) =>
  refuses(call, 403, 'E0000016', 'Activation failed because the user is already active', []);

// Runs `operation` in a later second than the user's last change, and reads the user after it.
async function after(users, user, operation) {
  await nextSecond();
  await operation({ userId: user.id });
  return users.getUser({ userId: user.id });
}

function assertMoved(user, before) {
  assert.ok(user.statusChanged > before.statusChanged, 'statusChanged moved');
  assert.ok(user.lastUpdated > before.lastUpdated, 'lastUpdated moved');
  assert.deepEqual(user.created, before.created);
}

eachSdk('activateUser', (users) => {
  test('makes a STAGED user PROVISIONED and answers a token', async () => {
    const user = await newUser.staged(users);
    const { activationToken, activationUrl } = await users.activateUser({ userId: user.id, sendEmail: false });
    assert.match(activationToken, /^[\w-]{20}$/);
    assert.ok(activationUrl.startsWith(`${orgUrl}/`) && activationUrl.includes(`/${activationToken}`), activationUrl);
    const activated = await users.getUser({ userId: user.id });
    assertStatus(activated, 'PROVISIONED');
    assert.ok(activated.activated && activated.statusChanged);
  });

  test('with sendEmail answers no token', async () => {
    const user = await newUser.staged(users);
    const answer = await users.activateUser({ userId: user.id, sendEmail: true });
    assert.equal(answer.activationToken, undefined);
    assertStatus(await users.getUser({ userId: user.id }), 'PROVISIONED');
  });

  test('makes a STAGED user with a password ACTIVE', async () => {
    const user = await newUser.staged(users, password(PASSWORD));
    const { activationToken } = await users.activateUser({ userId: user.id, sendEmail: false });
    assert.ok(activationToken);
    assertStatus(await users.getUser({ userId: user.id }), 'ACTIVE');
  });

  test('makes a DEPROVISIONED user PROVISIONED, the old password gone', async () => {
    const user = await newUser.deprovisioned(users);
    const activated = await after(users, user, ({ userId }) => users.activateUser({ userId, sendEmail: false }));
    assertStatus(activated, 'PROVISIONED');
    assertMoved(activated, user);
    assert.ok(activated.activated > user.activated);
    assert.equal(activated.credentials.password, undefined);
  });

  test('is refused for users who are active already', async () => {
    for (const user of [await newUser.active(users), await newUser.provisioned(users)]) {
      await refusesActivation(users.activateUser({ userId: user.id, sendEmail: false }));
    }
  });

  test('is refused for a SUSPENDED user', async () => {
    const user = await newUser.suspended(users);
    await refusesStatus(users.activateUser({ userId: user.id, sendEmail: false }));
  });
});

eachSdk('reactivateUser', (users) => {
  test('answers a PROVISIONED user a new token', async () => {
    const user = await newUser.staged(users);
    const first = await users.activateUser({ userId: user.id, sendEmail: false });
    const second = await users.reactivateUser({ userId: user.id, sendEmail: false });
    assert.match(second.activationToken, /^[\w-]{20}$/);
    assert.notEqual(second.activationToken, first.activationToken);
    assertStatus(await users.getUser({ userId: user.id }), 'PROVISIONED');
  });

  test('with sendEmail answers no token', async () => {
    const user = await newUser.provisioned(users);
    assert.equal((await users.reactivateUser({ userId: user.id, sendEmail: true })).activationToken, undefined);
  });

  test('is refused for users who are not PROVISIONED', async () => {
    for (const user of [await newUser.staged(users), await newUser.active(users)]) {
      await refusesStatus(users.reactivateUser({ userId: user.id, sendEmail: false }));
    }
  });
});

eachSdk('deactivateUser', (users) => {
  test('makes an ACTIVE user DEPROVISIONED, without password and question', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    const deactivated = await after(users, user, (of) => users.deactivateUser(of));
    assertStatus(deactivated, 'DEPROVISIONED');
    assertMoved(deactivated, user);
    assert.deepEqual(deactivated.activated, user.activated);
    assert.equal(deactivated.credentials.password, undefined);
    assert.equal(deactivated.credentials.recovery_question, undefined);
    assert.deepEqual(deactivated.profile, user.profile);
  });

  test('makes a STAGED user DEPROVISIONED, never activated', async () => {
    const user = await newUser.staged(users);
    await users.deactivateUser({ userId: user.id });
    const deactivated = await users.getUser({ userId: user.id });
    assertStatus(deactivated, 'DEPROVISIONED');
    assert.equal(deactivated.activated, null);
  });

  test('keeps the login taken', async () => {
    const { profile } = await newUser.deprovisioned(users);
    await refusesInvalid(users.createUser({ body: { profile: newProfile({ login: profile.login }) } }), 'login');
  });

  test('is refused for a DEPROVISIONED user', async () => {
    const user = await newUser.deprovisioned(users);
    await refusesStatus(users.deactivateUser({ userId: user.id }));
  });
});

eachSdk('deactivateOrDeleteUser', (users) => {
  test('first deactivates the user, then deletes them and frees the login', async () => {
    const { id, profile } = await newUser.active(users);
    await users.deleteUser({ userId: id });
    assertStatus(await users.getUser({ userId: id }), 'DEPROVISIONED');
    await users.deleteUser({ userId: id });
    await refusesUnknownUser(users.getUser({ userId: id }), id);
    await refusesUnknownUser(users.deleteUser({ userId: id }), id);
    assert.deepEqual(await collect(users.listUsers({ search: `id eq "${id}"` })), []);
    const successor = await users.createUser({ body: { profile: newProfile({ login: profile.login }) } });
    assert.notEqual(successor.id, id);
  });

  test('deactivates users of every status', async () => {
    const start = [newUser.staged, newUser.provisioned, newUser.suspended];
    for (const user of await Promise.all(start.map((create) => create(users)))) {
      await users.deleteUser({ userId: user.id });
      assertStatus(await users.getUser({ userId: user.id }), 'DEPROVISIONED');
    }
  });
});

eachSdk('suspendUser', (users) => {
  test('makes an ACTIVE user SUSPENDED', async () => {
    const user = await newUser.active(users);
    const suspended = await after(users, user, (of) => users.suspendUser(of));
    assertStatus(suspended, 'SUSPENDED');
    assertMoved(suspended, user);
    assert.deepEqual(suspended.passwordChanged, user.passwordChanged);
  });

  test('is refused for users who are not active', async () => {
    const start = [newUser.staged, newUser.suspended, newUser.deprovisioned];
    for (const user of await Promise.all(start.map((create) => create(users)))) {
      await refusesInvalid(users.suspendUser({ userId: user.id }), 'suspendUser',
        ['Cannot suspend a user that is not active']);
      assertStatus(await users.getUser({ userId: user.id }), user.status);
    }
  });
});

eachSdk('unsuspendUser', (users) => {
  test('makes a SUSPENDED user ACTIVE with the same password', async () => {
    const user = await newUser.suspended(users);
    const unsuspended = await after(users, user, (of) => users.unsuspendUser(of));
    assertStatus(unsuspended, 'ACTIVE');
    assertMoved(unsuspended, user);
    await assertPassword(users, user.id, PASSWORD);
  });

  test('is refused for an ACTIVE user', async () => {
    const user = await newUser.active(users);
    await refusesInvalid(users.unsuspendUser({ userId: user.id }), 'unsuspendUser',
      ['Cannot unsuspend a user that is not suspended']);
  });
});

eachSdk('unlockUser', (users) => {
  test('is refused for users who are not locked out', async () => {
    for (const user of [await newUser.active(users), await newUser.staged(users), await newUser.suspended(users)]) {
      await refuses(users.unlockUser({ userId: user.id }), 403, 'E0000032', 'Unlock is not allowed for this user.',
        ['The user is not locked out.']);
    }
  });
});

eachSdk('expirePassword', (users) => {
  test('answers the user, now PASSWORD_EXPIRED', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const expired = await users.expirePassword({ userId: user.id });
    assertStatus(expired, 'PASSWORD_EXPIRED');
    assertMoved(await users.getUser({ userId: user.id }), user);
    assert.deepEqual(expired.passwordChanged, user.passwordChanged);
  });

  test('ends when the user changes the password', async () => {
    const user = await newUser.active(users);
    await users.expirePassword({ userId: user.id });
    await assertPassword(users, user.id, PASSWORD);
    assertStatus(await users.getUser({ userId: user.id }), 'ACTIVE');
  });

  test('is refused for users without a running password', async () => {
    const start = [newUser.staged, newUser.provisioned, newUser.suspended, newUser.deprovisioned];
    for (const user of await Promise.all(start.map((create) => create(users)))) {
      await refusesStatus(users.expirePassword({ userId: user.id }));
    }
  });
});

eachSdk('expirePasswordAndGetTemporaryPassword', (users, groups, version) => {
  test('answers a password that replaces the old one until changed', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const tempPassword = await temporaryPassword(users, version, user.id);
    assert.match(tempPassword, /^[A-Za-z0-9]{12}$/);
    const expired = await users.getUser({ userId: user.id });
    assertStatus(expired, 'PASSWORD_EXPIRED');
    assertMoved(expired, user);
    assert.ok(expired.passwordChanged > user.passwordChanged);
    await assert.rejects(changePassword(users, user.id, PASSWORD, 'Qrst4567#@'));
    await assertPassword(users, user.id, tempPassword);
    assertStatus(await users.getUser({ userId: user.id }), 'ACTIVE');
  });

  test('is refused for a STAGED user', async () => {
    const user = await newUser.staged(users);
    await refusesStatus(users.expirePasswordAndGetTemporaryPassword({ userId: user.id }));
  });
});

eachSdk('resetPassword', (users) => {
  const reset = (userId, sendEmail = false) => users.generateResetPasswordToken({ userId, sendEmail });

  test('answers a link and leaves the user in RECOVERY', async () => {
    const user = await newUser.active(users);
    await nextSecond();
    const { resetPasswordUrl } = await reset(user.id);
    assert.match(resetPasswordUrl, new RegExp(`^${orgUrl}/reset_password/[\\w-]{20}$`));
    const recovering = await users.getUser({ userId: user.id });
    assert.equal(recovering.status, 'RECOVERY');
    assertMoved(recovering, user);
  });

  test('answers a new link each time', async () => {
    const user = await newUser.active(users);
    const first = await reset(user.id);
    const second = await reset(user.id);
    assert.notEqual(first.resetPasswordUrl, second.resetPasswordUrl);
  });

  test('with sendEmail answers no link', async () => {
    const user = await newUser.active(users);
    assert.equal((await reset(user.id, true)).resetPasswordUrl, undefined);
    assert.equal((await users.getUser({ userId: user.id })).status, 'RECOVERY');
  });

  test('is refused for users who are staged, suspended or deactivated', async () => {
    const start = [newUser.staged, newUser.suspended, newUser.deprovisioned];
    for (const user of await Promise.all(start.map((create) => create(users)))) await refusesStatus(reset(user.id));
  });
});

eachSdk('resetFactors', (users) => {
  test('succeeds without factors and changes nothing', async () => {
    const user = await newUser.active(users);
    assertSame(await after(users, user, (of) => users.resetFactors(of)), user);
  });

  test('is refused for a DEPROVISIONED user', async () => {
    const user = await newUser.deprovisioned(users);
    await refusesStatus(users.resetFactors({ userId: user.id }));
  });
});
