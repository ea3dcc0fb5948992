'use strict';
// Signing in with a password, changing one that has expired, recovering a forgotten one, unlocking.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const {
  OTHER_PASSWORD, PASSWORD, QUESTION, admin, newClient, newUser, refuses, sessionOf, signIn, status,
} = require('./helpers');

test('signs in, and the session token is good for a session', async () => {
  const user = await newUser();
  const transaction = await signIn(user);
  assert.equal(transaction.user.id, user.id);
  assert.equal(transaction.user.profile.login, user.profile.login);
  const session = await sessionOf(transaction);
  assert.deepEqual([session.userId, session.amr, session.mfaActive], [user.id, ['pwd'], false]);
});

test('a wrong password and an unknown login are refused alike', async () => {
  const user = await newUser();
  await refuses(signIn(user, `${PASSWORD}x`), 401, 'E0000004');
  await refuses(signIn({ profile: { login: 'nobody@ada.example' } }), 401, 'E0000004');
});

test('changes an expired password', async () => {
  const user = await newUser();
  await admin('POST', `/users/${user.id}/lifecycle/expire_password`);
  const client = newClient();
  const expired = await signIn(user, PASSWORD, client);
  assert.equal(expired.status, 'PASSWORD_EXPIRED');
  assert.equal(expired.policy.complexity.minLength, 8);
  await refuses(expired.changePassword({ oldPassword: PASSWORD, newPassword: 'short' }), 403, 'E0000014');
  await sessionOf(await expired.changePassword({ oldPassword: PASSWORD, newPassword: OTHER_PASSWORD }));
  assert.equal(await status(user), 'ACTIVE');
  await sessionOf(await signIn(user, OTHER_PASSWORD));
});

test('resets a forgotten password with a recovery token and the answer', async () => {
  const user = await newUser();
  const issued = await admin('POST', '/authn/recovery/password', { username: user.profile.login });
  const recovery = await newClient().verifyRecoveryToken({ recoveryToken: issued.recoveryToken });
  assert.equal(recovery.status, 'RECOVERY');
  assert.equal(recovery.recoveryType, 'PASSWORD');
  assert.equal(recovery.user.recovery_question.question, QUESTION.question);
  await refuses(recovery.answer({ answer: 'Grace' }), 403, 'E0000087');
  const reset = await recovery.answer({ answer: QUESTION.answer });
  assert.equal(reset.status, 'PASSWORD_RESET');
  await sessionOf(await reset.resetPassword({ newPassword: OTHER_PASSWORD }));
  await refuses(signIn(user), 401, 'E0000004');
  await sessionOf(await signIn(user, OTHER_PASSWORD));
});

test('unlocks after too many failures', async () => {
  const user = await newUser();
  for (let attempt = 0; attempt < 10; attempt += 1) await refuses(signIn(user, 'Wrong1234#@'), 401, 'E0000004');
  assert.equal(await status(user), 'LOCKED_OUT');
  const issued = await admin('POST', '/authn/recovery/unlock', { username: user.profile.login });
  const recovery = await newClient().verifyRecoveryToken({ recoveryToken: issued.recoveryToken });
  const unlocked = await recovery.answer({ answer: QUESTION.answer });
  assert.deepEqual([unlocked.status, unlocked.recoveryType], ['SUCCESS', 'UNLOCK']);
  assert.equal(await status(user), 'ACTIVE');
  await sessionOf(await signIn(user));
});

test('asking for a recovery mail tells nothing', async () => {
  for (const username of [(await newUser()).profile.login, 'nobody@ada.example']) {
    const asked = await newClient().forgotPassword({ username, factorType: 'EMAIL' });
    assert.deepEqual([asked.status, asked.data.factorResult], ['RECOVERY_CHALLENGE', 'WAITING']);
  }
});

test('goes on with a transaction by its state token, and cancels it', async () => {
  const user = await newUser();
  await admin('POST', `/users/${user.id}/lifecycle/expire_password`);
  const { stateToken } = (await signIn(user)).data;
  const resumed = await newClient().tx.resume({ stateToken });
  assert.equal(resumed.status, 'PASSWORD_EXPIRED');
  await resumed.cancel();
  await refuses(newClient().tx.resume({ stateToken }), 401, 'E0000011');
});
