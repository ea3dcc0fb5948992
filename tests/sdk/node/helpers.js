'use strict';
// What every suite needs: one client per SDK version, fixtures, and assertions on users and errors.
// The org under test is named by the SDKs' own variables, OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN.

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { describe } = require('node:test');

const orgUrl = process.env.OKTA_CLIENT_ORGURL;
// With these the tests run as an OAuth client instead of an API token's owner (see run.sh). 7.0.0 knows no DPoP.
const { ROSTER_SDK_CLIENT_ID: clientId, ROSTER_SDK_DPOP: dpop, ROSTER_SDK_SCOPES: scopes } = process.env;
const versions = dpop ? ['okta-sdk-8'] : ['okta-sdk-7', 'okta-sdk-8'];

const PASSWORD = 'Abcd1234#@';
const OTHER_PASSWORD = 'Wxyz9876#@';
const QUESTION = { question: 'Who wrote the first program?', answer: 'Countess Ada' };
const POLICY = 'Password requirements were not met. Password requirements: at least 8 characters, ' +
  'a lowercase letter, an uppercase letter, a number';

// The SDKs cache reads of single resources. It is off here, so that every read is the server's answer.
function newClient(version, settings) {
  const { Client } = require(version);
  const asClient = clientId && !settings?.token && {
    authorizationMode: 'PrivateKey', clientId, scopes, privateKey: readFileSync(process.env.ROSTER_SDK_KEY, 'utf8'),
  };
  return new Client({ orgUrl, cacheMiddleware: null, ...asClient, ...settings });
}

// Runs the same tests on each SDK version. `tests` gets the version's UserApi and GroupApi.
function eachSdk(subject, tests) {
  for (const version of versions) {
    const { userApi, groupApi } = newClient(version);
    describe(`${subject} (${version})`, { concurrency: 16 }, () => tests(userApi, groupApi, version));
  }
}

const run = randomBytes(4).toString('hex');
let serial = 0;

// A name that nothing else in the org has, so that runs and suites may share an org.
function unique(name) {
  serial += 1;
  return `${name}-${run}-${serial}`;
}

function newProfile(overrides = {}) {
  const login = `${unique('user')}@ada.example`;
  return { firstName: 'Ada', lastName: 'Lovelace', login, email: login, ...overrides };
}

const password = (value) => ({ password: { value } });

const newUser = {
  staged: (users, credentials) => users.createUser({ body: { profile: newProfile(), credentials }, activate: false }),
  provisioned: (users) => users.createUser({ body: { profile: newProfile() } }),
  active: (users, credentials) =>
    users.createUser({ body: { profile: newProfile(), credentials: { ...password(PASSWORD), ...credentials } } }),
  async suspended(users) {
    const user = await newUser.active(users);
    await users.suspendUser({ userId: user.id });
    return users.getUser({ userId: user.id });
  },
  async deprovisioned(users) {
    const user = await newUser.active(users);
    await users.deactivateUser({ userId: user.id });
    return users.getUser({ userId: user.id });
  },
};

// The 25 operations by their names in the API's own document, each with a request that is well formed
// but for the user, who need not exist.
const operations = {
  createUser: (users) => users.createUser({ body: { profile: newProfile() } }),
  listUsers: (users) => collect(users.listUsers({ limit: 1, search: 'status eq "NONE"' })),
  getUser: (users, userId) => users.getUser({ userId }),
  partialUpdateUser: (users, userId) => users.updateUser({ userId, user: { profile: { city: 'London' } } }),
  updateUser: (users, userId) => users.replaceUser({ userId, user: { profile: newProfile() } }),
  deactivateOrDeleteUser: (users, userId) => users.deleteUser({ userId }),
  activateUser: (users, userId) => users.activateUser({ userId, sendEmail: false }),
  reactivateUser: (users, userId) => users.reactivateUser({ userId, sendEmail: false }),
  deactivateUser: (users, userId) => users.deactivateUser({ userId }),
  suspendUser: (users, userId) => users.suspendUser({ userId }),
  unsuspendUser: (users, userId) => users.unsuspendUser({ userId }),
  unlockUser: (users, userId) => users.unlockUser({ userId }),
  expirePassword: (users, userId) => users.expirePassword({ userId }),
  expirePasswordAndGetTemporaryPassword: (users, userId) => users.expirePasswordAndGetTemporaryPassword({ userId }),
  resetPassword: (users, userId) => users.generateResetPasswordToken({ userId, sendEmail: false }),
  resetFactors: (users, userId) => users.resetFactors({ userId }),
  changePassword: (users, userId) => changePassword(users, userId, PASSWORD, OTHER_PASSWORD),
  changeRecoveryQuestion: (users, userId) => users.changeRecoveryQuestion({
    userId, userCredentials: { ...password(PASSWORD), recovery_question: QUESTION },
  }),
  forgotPassword: (users, userId) => users.forgotPassword({ userId, sendEmail: false }),
  forgotPasswordSetNewPassword: (users, userId) => users.forgotPasswordSetNewPassword({
    userId, userCredentials: { ...password(OTHER_PASSWORD), recovery_question: { answer: QUESTION.answer } },
  }),
  clearUserSessions: (users, userId) => users.revokeUserSessions({ userId }),
  listUserGroups: (users, userId) => collect(users.listUserGroups({ userId })),
  listUserIdentityProviders: (users, userId) => collect(users.listUserIdentityProviders({ userId })),
  listAppLinks: (users, userId) => collect(users.listAppLinks({ userId })),
  listUserClients: (users, userId) => collect(users.listUserClients({ userId })),
};

function changePassword(users, userId, oldPassword, newPassword, strict) {
  const changePasswordRequest = { oldPassword: { value: oldPassword }, newPassword: { value: newPassword } };
  return users.changePassword({ userId, changePasswordRequest, strict });
}

// okta-sdk-8 takes the reply of expirePasswordAndGetTemporaryPassword for a user and loses the password, so there
// the request goes through the client's own HTTP layer.
async function temporaryPassword(users, version, userId) {
  const reply = version === 'okta-sdk-8'
    ? await newClient(version).http.postJson(
      `${orgUrl}/api/v1/users/${userId}/lifecycle/expire_password_with_temp_password`)
    : await users.expirePasswordAndGetTemporaryPassword({ userId });
  return reply.tempPassword;
}

// All items of a collection, page by page, as the SDK's own iteration yields them.
async function collect(collection) {
  const items = [];
  await (await collection).each((item) => { items.push(item); });
  return items;
}

async function pages(collection) {
  const cursor = await collection;
  const found = [];
  while (cursor.nextUri) found.push(await cursor.getNextPage());
  return found;
}

// User timestamps are whole seconds: a test that must see one move lets every clock enter the next.
function nextSecond() {
  return new Promise((resolve) => { setTimeout(resolve, 1020 - (Date.now() % 1000)); });
}

// Equal in all that went over the wire. (okta-sdk-8 makes a created user and a read one of different classes.)
function assertSame(actual, expected) {
  const plain = (value) => JSON.parse(JSON.stringify(value));
  assert.deepEqual(plain(actual), plain(expected));
}

// `causes` are exact texts or patterns; leave it out where the API promises no wording.
async function refuses(call, status, errorCode, errorSummary, causes) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.status, error.errorCode, error.errorSummary], [status, errorCode, errorSummary],
      error.message);
    assert.equal(error.errorLink, errorCode);
    assert.match(error.errorId, /^oae[\w-]{22}$/);
    const texts = error.errorCauses.map((cause) => cause.errorSummary);
    causes?.forEach((cause, index) => {
      if (cause instanceof RegExp) assert.match(String(texts[index]), cause);
      else assert.equal(texts[index], cause);
    });
    if (causes) assert.equal(texts.length, causes.length, `causes: ${texts}`);
    return true;
  });
}

const refusesUnknownUser = (call, name) =>
  refuses(call, 404, 'E0000007', `Not found: Resource not found: ${name} (User)`, []);
const refusesInvalid = (call, subject, causes) =>
  refuses(call, 400, 'E0000001', `Api validation failed: ${subject}`, causes);
const refusesStatus = (call) =>
  refuses(call, 403, 'E0000038', "This operation is not allowed in the user's current status.", []);
const refusesCredentials = (call, cause) =>
  refuses(call, 403, 'E0000014', 'Update of credentials failed', [cause]);

const ACTIVE_LINKS = ['suspend', 'resetPassword', 'forgotPassword', 'expirePassword', 'changeRecoveryQuestion',
  'changePassword', 'deactivate'];
const LINKS = {
  STAGED: ['activate'],
  PROVISIONED: ['suspend', 'resetPassword', 'reactivate', 'deactivate'],
  ACTIVE: ACTIVE_LINKS,
  PASSWORD_EXPIRED: ACTIVE_LINKS,
  SUSPENDED: ['unsuspend', 'deactivate'],
  DEPROVISIONED: ['activate'],
};

// The user is in `status` and offers exactly the operations of that status. Not compared: resetFactors, which
// orgs differ in, and delete, which okta-sdk-8 drops.
function assertStatus(user, status) {
  assert.equal(user.status, status);
  const self = `${orgUrl}/api/v1/users/${user.id}`;
  assert.equal(user._links.self.href, self);
  const offered = Object.keys(user._links)
    .filter((rel) => user._links[rel] && !['self', 'schema', 'type', 'resetFactors', 'delete'].includes(rel));
  assert.deepEqual(offered.sort(), [...LINKS[status]].sort());
  for (const rel of offered) assert.ok(user._links[rel].href.startsWith(`${self}/`), user._links[rel].href);
}

// The password is the user's: it, and only it, lets the user change it.
async function assertPassword(users, userId, value) {
  await refusesCredentials(changePassword(users, userId, `${value}x`, 'Qrst4567#@'), 'Old Password is not correct');
  await changePassword(users, userId, value, 'Qrst4567#@');
}

module.exports = {
  OTHER_PASSWORD,
  PASSWORD,
  POLICY,
  QUESTION,
  assertPassword,
  assertSame,
  assertStatus,
  changePassword,
  clientId,
  collect,
  eachSdk,
  newClient,
  newProfile,
  newUser,
  nextSecond,
  operations,
  orgUrl,
  pages,
  password,
  refuses,
  refusesCredentials,
  refusesInvalid,
  refusesStatus,
  refusesUnknownUser,
  temporaryPassword,
  unique,
  versions,
};
