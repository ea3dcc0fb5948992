'use strict';
// Signing in where the org asks for a factor: enrolling one, proving one.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { admin, newClient, newUser, refuses, sessionOf, signIn, totp } = require('./helpers');

const ANSWER = { question: 'disliked_food', answer: 'mayonnaise' };
const byType = (transaction, type, provider = 'OKTA') =>
  transaction.factors.find((factor) => factor.factorType === type && factor.provider === provider);

async function requireFactor(required) {
  const [policy] = await admin('GET', '/policies?type=OKTA_SIGN_ON&expand=rules');
  const [rule] = policy._embedded.rules;
  const actions = { signon: { ...rule.actions.signon, requireFactor: required } };
  await admin('PUT', `/policies/${policy.id}/rules/${rule.id}`, { ...rule, actions });
}

describe('where the org asks for a factor', () => {
  before(() => requireFactor(true));
  after(() => requireFactor(false));

  test('enrolls time-based codes and proves them at the next sign-in', async () => {
    const user = await newUser();
    const enroll = await signIn(user);
    assert.equal(enroll.status, 'MFA_ENROLL');
    const activate = await byType(enroll, 'token:software:totp', 'GOOGLE').enroll();
    assert.equal(activate.status, 'MFA_ENROLL_ACTIVATE');
    const { sharedSecret, qrcode } = activate.factor.activation;
    assert.equal((await fetch(qrcode.href)).headers.get('content-type'), 'image/png');
    const code = totp(sharedSecret);
    await refuses(activate.activate({ passCode: code === '000000' ? '000001' : '000000' }), 403, 'E0000068');
    const session = await sessionOf(await activate.activate({ passCode: code }));
    assert.deepEqual([session.amr, session.mfaActive], [['pwd', 'otp', 'mfa'], true]);

    const required = await signIn(user);
    assert.equal(required.status, 'MFA_REQUIRED');
    const factor = byType(required, 'token:software:totp', 'GOOGLE');
    assert.equal(factor.profile.credentialId, user.profile.login);
    await refuses(factor.verify({ passCode: code }), 403, 'E0000082');
    await sessionOf(await factor.verify({ passCode: totp(sharedSecret, 1), rememberDevice: true }));
  });

  test('enrolls a security question and answers it', async () => {
    const user = await newUser();
    const enrolled = await byType(await signIn(user), 'question').enroll({ profile: ANSWER });
    assert.equal(enrolled.status, 'SUCCESS');
    const required = await signIn(user);
    const question = byType(required, 'question');
    assert.equal(question.profile.questionText, 'What is the food you least liked as a child?');
    await refuses(question.verify({ answer: 'ketchup' }), 403, 'E0000068');
    const session = await sessionOf(await question.verify({ answer: 'Mayonnaise' }));
    assert.deepEqual(session.amr, ['pwd', 'kba', 'mfa']);
  });

  test('is sent a passcode, thinks better of it, and answers the question instead', async () => {
    const user = await newUser();
    const path = `/users/${user.id}/factors`;
    await admin('POST', path, { factorType: 'question', provider: 'OKTA', profile: ANSWER });
    const phone = { factorType: 'sms', provider: 'OKTA', profile: { phoneNumber: '+1-555-415-1337' } };
    await admin('POST', `${path}?activate=true`, phone);
    const required = await signIn(user);
    const challenge = await byType(required, 'sms').verify();
    assert.equal(challenge.status, 'MFA_CHALLENGE');
    assert.equal(challenge.factor.profile.phoneNumber, '+1 XXX-XXX-1337');
    await refuses(challenge.verify({ passCode: '12345' }), 403, 'E0000068');
    await refuses(challenge.resend('sms'), 429, 'E0000109');
    const again = await challenge.prev();
    assert.equal(again.status, 'MFA_REQUIRED');
    await sessionOf(await byType(again, 'question').verify({ answer: ANSWER.answer }));
  });

  test('enrolls one factor more and skips the rest', async () => {
    const user = await newUser();
    const options = { multiOptionalFactorEnroll: true };
    const username = user.profile.login;
    const enroll = await newClient().signInWithCredentials({ username, password: 'Abcd1234#@', options });
    const more = await byType(enroll, 'question').enroll({ profile: ANSWER });
    assert.equal(more.status, 'MFA_ENROLL');
    assert.equal(byType(more, 'question').status, 'ACTIVE');
    await sessionOf(await more.skip());
  });
});
