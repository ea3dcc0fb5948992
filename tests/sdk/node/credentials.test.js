'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const {
  OTHER_PASSWORD, PASSWORD, POLICY, QUESTION, assertPassword, assertSame, changePassword, eachSdk, newUser, nextSecond,
  orgUrl, password, refuses, refusesCredentials, refusesInvalid,
} = require('./helpers');

const NEW_QUESTION = { question: 'Which machine was it for?', answer: 'Analytical' };
const policyCause = new RegExp(`^${POLICY}`);

function assertCredentials(credentials, question) {
  assert.ok(credentials.password);
  assert.equal(credentials.password.value, undefined);
  assert.deepEqual([credentials.provider.type, credentials.provider.name], ['OKTA', 'OKTA']);
  assert.equal(credentials.recovery_question?.question, question);
  assert.equal(credentials.recovery_question?.answer, undefined);
}

eachSdk('changePassword', (users) => {
  test('answers the credentials and moves passwordChanged', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    await nextSecond();
    assertCredentials(await changePassword(users, user.id, PASSWORD, OTHER_PASSWORD), QUESTION.question);
    const changed = await users.getUser({ userId: user.id });
    assert.ok(changed.passwordChanged > user.passwordChanged);
    assert.equal(changed.status, 'ACTIVE');
    await assertPassword(users, user.id, OTHER_PASSWORD);
  });

  test('refuses a wrong old password, and changes nothing', async () => {
    const user = await newUser.active(users);
    await refusesCredentials(changePassword(users, user.id, OTHER_PASSWORD, 'Qrst4567#@'),
      'Old Password is not correct');
    assertSame(await users.getUser({ userId: user.id }), user);
  });

  test('refuses a new password that is too weak, and keeps the old one', async () => {
    const user = await newUser.active(users);
    await refusesCredentials(changePassword(users, user.id, PASSWORD, 'weak'), policyCause);
    await assertPassword(users, user.id, PASSWORD);
  });

  test('refuses a password that was used before', async () => {
    const user = await newUser.active(users);
    await changePassword(users, user.id, PASSWORD, OTHER_PASSWORD);
    await refusesCredentials(changePassword(users, user.id, OTHER_PASSWORD, PASSWORD), policyCause);
  });

  test('takes strict', async () => {
    const user = await newUser.active(users);
    assertCredentials(await changePassword(users, user.id, PASSWORD, OTHER_PASSWORD, true));
  });

  test('is refused for users without a running password', async () => {
    const start = [newUser.provisioned, newUser.suspended, newUser.deprovisioned];
    for (const user of await Promise.all(start.map((create) => create(users)))) {
      await refuses(changePassword(users, user.id, PASSWORD, OTHER_PASSWORD), 403, 'E0000035',
        'Change password not allowed on specified user.', []);
    }
  });
});

eachSdk('changeRecoveryQuestion', (users) => {
  const changeQuestion = (userId, value, question) =>
    users.changeRecoveryQuestion({ userId, userCredentials: { ...password(value), recovery_question: question } });

  test('answers the credentials with the new question, and so does the next read', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    assertCredentials(await changeQuestion(user.id, PASSWORD, NEW_QUESTION), NEW_QUESTION.question);
    const changed = await users.getUser({ userId: user.id });
    assertCredentials(changed.credentials, NEW_QUESTION.question);
    assert.deepEqual(changed.passwordChanged, user.passwordChanged);
  });

  test('refuses a wrong password', async () => {
    const user = await newUser.active(users);
    await refusesCredentials(changeQuestion(user.id, OTHER_PASSWORD, QUESTION),
      'The credentials provided were incorrect.');
    assert.equal((await users.getUser({ userId: user.id })).credentials.recovery_question, undefined);
  });

  test('refuses an answer of fewer than four characters', async () => {
    const user = await newUser.active(users);
    await refusesInvalid(changeQuestion(user.id, PASSWORD, { ...QUESTION, answer: 'Ada' }), 'recovery_question',
      ['recovery_question: The security question answer must be at least 4 characters in length']);
  });

  test('is refused for a SUSPENDED user', async () => {
    const user = await newUser.suspended(users);
    await refuses(changeQuestion(user.id, PASSWORD, QUESTION), 403, 'E0000036',
      'Change recovery question not allowed on specified user.', []);
  });
});

const refusesForgotten = (call) =>
  refuses(call, 403, 'E0000034', 'Forgot password not allowed on specified user.', []);

eachSdk('forgotPassword', (users) => {
  test('answers a link and leaves the user as they are', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    const { resetPasswordUrl } = await users.forgotPassword({ userId: user.id, sendEmail: false });
    assert.match(resetPasswordUrl, new RegExp(`^${orgUrl}/signin/reset-password/[\\w-]{20}$`));
    assert.equal((await users.getUser({ userId: user.id })).status, 'ACTIVE');
    await assertPassword(users, user.id, PASSWORD);
  });

  test('with sendEmail answers no link', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    const answer = await users.forgotPassword({ userId: user.id, sendEmail: true });
    assert.equal(answer.resetPasswordUrl, undefined);
  });

  test('needs no recovery question', async () => {
    const user = await newUser.active(users);
    assert.ok((await users.forgotPassword({ userId: user.id, sendEmail: false })).resetPasswordUrl);
  });

  test('is refused for users who are not ACTIVE', async () => {
    const start = [newUser.staged, newUser.provisioned, newUser.suspended, newUser.deprovisioned];
    for (const user of await Promise.all(start.map((create) => create(users)))) {
      await refusesForgotten(users.forgotPassword({ userId: user.id, sendEmail: false }));
    }
  });
});

eachSdk('forgotPasswordSetNewPassword', (users) => {
  const setPassword = (userId, value, answer) => users.forgotPasswordSetNewPassword({
    userId, userCredentials: { ...password(value), recovery_question: { answer } },
  });

  test('with the right answer sets the password, whatever the letter case of the answer', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    await nextSecond();
    assertCredentials(await setPassword(user.id, OTHER_PASSWORD, QUESTION.answer.toUpperCase()), QUESTION.question);
    const changed = await users.getUser({ userId: user.id });
    assert.ok(changed.passwordChanged > user.passwordChanged);
    await assertPassword(users, user.id, OTHER_PASSWORD);
  });

  test('refuses a wrong answer, and keeps the password', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    await refuses(setPassword(user.id, OTHER_PASSWORD, 'Somebody'), 403, 'E0000087',
      'The recovery question answer did not match our records.', []);
    await assertPassword(users, user.id, PASSWORD);
  });

  test('refuses a password that is too weak', async () => {
    const user = await newUser.active(users, { recovery_question: QUESTION });
    await refusesCredentials(setPassword(user.id, 'weak', QUESTION.answer), policyCause);
  });

  test('is refused without a recovery question', async () => {
    const user = await newUser.active(users);
    await refusesForgotten(setPassword(user.id, OTHER_PASSWORD, QUESTION.answer));
  });
});
