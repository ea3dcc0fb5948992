'use strict';

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { test } = require('node:test');
const {
  PASSWORD, POLICY, QUESTION, assertPassword, assertSame, assertStatus, collect, eachSdk, newProfile, newUser, password,
  refuses, refusesInvalid, refusesUnknownUser, unique,
} = require('./helpers');

const OKTA = ['OKTA', 'OKTA'];
const IMPORT = ['IMPORT', 'IMPORT'];
const provider = (user) => [user.credentials.provider.type, user.credentials.provider.name];

// PASSWORD as another system would have stored it.
const BCRYPT = {
  algorithm: 'BCRYPT', workFactor: 10, salt: 'DL1hxyj64Tem63Cvkcy2Qu', value: '0Wm3N/zrMOGPe/iBFjumRINAdlkpQhW',
};
function saltedDigest(algorithm, saltOrder) {
  const salt = randomBytes(16);
  const parts = saltOrder === 'PREFIX' ? [salt, PASSWORD] : [PASSWORD, salt];
  const digest = createHash(algorithm.replace('-', ''));
  parts.forEach((part) => digest.update(part));
  return { algorithm, saltOrder, salt: salt.toString('base64'), value: digest.digest('base64') };
}
const HASHES = {
  'BCRYPT': BCRYPT,
  'SHA-256 with the salt before': saltedDigest('SHA-256', 'PREFIX'),
  'SHA-512 with the salt after': saltedDigest('SHA-512', 'POSTFIX'),
};

eachSdk('createUser', (users, groups) => {
  const create = (body, query) => users.createUser({ body: { profile: newProfile(), ...body }, ...query });

  test('answers the whole user, and so does the next read', async () => {
    const profile = newProfile({ city: 'London', mobilePhone: '+44 20 7946 0000' });
    const user = await create({ profile }, { activate: false });
    assert.match(user.id, /^00u[0-9A-Za-z]{17}$/);
    assert.match(user.type.id, /^oty[0-9A-Za-z]{17}$/);
    assert.ok(user.created instanceof Date);
    assert.deepEqual(user.lastUpdated, user.created);
    for (const [name, value] of Object.entries(profile)) assert.equal(user.profile[name], value);
    assert.equal(user.profile.secondEmail, null);
    assert.equal(user.profile.department, undefined);
    assert.deepEqual(provider(user), OKTA);
    assertSame(await users.getUser({ userId: user.id }), user);
  });

  test('without a password and with activate=false leaves the user STAGED', async () => {
    const user = await create({}, { activate: false });
    assertStatus(user, 'STAGED');
    assert.deepEqual([user.activated, user.statusChanged, user.passwordChanged, user.lastLogin],
      [null, null, null, null]);
    assert.equal(user.credentials.password, undefined);
  });

  test('without a password activates the user to PROVISIONED', async () => {
    const user = await create({});
    assertStatus(user, 'PROVISIONED');
    assert.ok(user.activated >= user.created);
    assert.ok(user.statusChanged >= user.created);
    assert.equal(user.passwordChanged, null);
  });

  test('with a password makes the user ACTIVE', async () => {
    const user = await create({ credentials: password(PASSWORD) });
    assertStatus(user, 'ACTIVE');
    assert.ok(user.activated && user.statusChanged && user.passwordChanged);
    assert.deepEqual({ ...user.credentials.password }, { hash: undefined, hook: undefined, value: undefined });
    await assertPassword(users, user.id, PASSWORD);
  });

  test('with a password and activate=false leaves the user STAGED with passwordChanged set', async () => {
    const user = await create({ credentials: password(PASSWORD) }, { activate: false });
    assertStatus(user, 'STAGED');
    assert.ok(user.passwordChanged);
    assert.deepEqual([user.activated, user.statusChanged], [null, null]);
  });

  test('with an empty password object counts as without one', async () => {
    const user = await create({ credentials: { password: {} } });
    assertStatus(user, 'PROVISIONED');
    assert.equal(user.credentials.password, undefined);
  });

  test('with a recovery question shows the question and never the answer', async () => {
    const user = await create({ credentials: { recovery_question: QUESTION } });
    assertStatus(user, 'PROVISIONED');
    assert.equal(user.credentials.recovery_question.question, QUESTION.question);
    assert.equal(user.credentials.recovery_question.answer, undefined);
  });

  test('with nextLogin=changePassword makes the user PASSWORD_EXPIRED', async () => {
    const user = await create({ credentials: password(PASSWORD) }, { nextLogin: 'changePassword' });
    assertStatus(user, 'PASSWORD_EXPIRED');
  });

  test('with nextLogin=changePassword refuses a user without a password', () =>
    refuses(create({}, { nextLogin: 'changePassword' }), 400, 'E0000124',
      'Could not create user. To create a user and expire their password immediately, a password must be specified'));

  test('with nextLogin=changePassword refuses activate=false', () =>
    refuses(create({ credentials: password(PASSWORD) }, { nextLogin: 'changePassword', activate: false }),
      400, 'E0000125', 'Could not create user. To create a user and expire their password immediately, ' +
        '"activate" must be true'));

  for (const [name, hash] of Object.entries(HASHES)) {
    test(`with a ${name} hash imports a password that works`, async () => {
      const user = await create({ credentials: { password: { hash } } });
      assertStatus(user, 'ACTIVE');
      assert.deepEqual(provider(user), IMPORT);
      assert.ok(user.passwordChanged);
      await assertPassword(users, user.id, PASSWORD);
    });
  }

  test('with a hash and activate=false leaves the user STAGED with statusChanged set', async () => {
    const user = await create({ credentials: { password: { hash: BCRYPT } } }, { activate: false });
    assertStatus(user, 'STAGED');
    assert.deepEqual(provider(user), IMPORT);
    assert.ok(user.passwordChanged && user.statusChanged);
    assert.equal(user.activated, null);
  });

  test('refuses a hash of an unknown algorithm', () =>
    refusesInvalid(create({ credentials: { password: { hash: { algorithm: 'ROT13', value: 'Nope' } } } }), 'password'));

  test('with a password import hook makes the user ACTIVE with provider IMPORT', async () => {
    const user = await create({ credentials: { password: { hook: { type: 'default' } } } });
    assertStatus(user, 'ACTIVE');
    assert.deepEqual(provider(user), IMPORT);
  });

  test('with provider FEDERATION makes an ACTIVE user without a password', async () => {
    const credentials = { provider: { type: 'FEDERATION', name: 'FEDERATION' } };
    const user = await create({ credentials }, { provider: true });
    assert.equal(user.status, 'ACTIVE');
    assert.deepEqual(provider(user), ['FEDERATION', 'FEDERATION']);
    assert.equal(user.passwordChanged, null);
    assert.equal(user.credentials.password, undefined);
    assert.equal(user._links.changePassword, undefined);
  });

  test('refuses provider FEDERATION with a password', () => {
    const credentials = { ...password(PASSWORD), provider: { type: 'FEDERATION', name: 'FEDERATION' } };
    return refuses(create({ credentials }, { provider: true }), 400, 'E0000041',
      'Credentials should not be set on this resource based on the scheme.');
  });

  test('ignores a provider that the query does not announce', async () => {
    const user = await create({ credentials: { provider: { type: 'FEDERATION', name: 'FEDERATION' } } });
    assertStatus(user, 'PROVISIONED');
    assert.deepEqual(provider(user), OKTA);
  });

  test('with groupIds makes the user a member', async () => {
    const group = await groups.createGroup({ group: { profile: { name: unique('Analysts') } } });
    const user = await create({ groupIds: [group.id] });
    const names = (await collect(users.listUserGroups({ userId: user.id }))).map((each) => each.profile.name);
    assert.deepEqual(names, ['Everyone', group.profile.name]);
  });

  test('with an unknown group creates nobody', async () => {
    const profile = newProfile();
    await refuses(create({ profile, groupIds: ['00gNoSuchGroup000000'] }), 404, 'E0000007',
      'Not found: Resource not found: 00gNoSuchGroup000000 (UserGroup)', []);
    await refusesUnknownUser(users.getUser({ userId: profile.login }), profile.login);
  });

  test('with the default type creates a user of it', async () => {
    const { type } = await newUser.staged(users);
    const user = await create({ type: { id: type.id } });
    assert.equal(user.type.id, type.id);
  });

  test('refuses an unknown type', () => refusesInvalid(create({ type: { id: 'otyNoSuchType0000000' } }), 'type'));

  test('refuses a login that exists, whatever its letter case or accents', async () => {
    const { profile } = await newUser.staged(users);
    for (const login of [profile.login, profile.login.toUpperCase(), profile.login.replace('user', 'üser')]) {
      await refusesInvalid(create({ profile: { ...profile, login } }), 'login',
        ['login: An object with this field already exists in the current organization']);
    }
  });

  test('refuses a login that is no email address', () =>
    refusesInvalid(create({ profile: newProfile({ login: unique('plain') }) }), 'login',
      ['login: Username must be in the form of an email address']));

  test('refuses an empty profile, naming every required attribute', () =>
    refusesInvalid(create({ profile: {} }), 'login', [
      'login: The field cannot be left blank',
      'firstName: The field cannot be left blank',
      'lastName: The field cannot be left blank',
      'email: The field cannot be left blank',
      'login: Username must be in the form of an email address',
    ]));

  test('refuses an unknown profile attribute', () =>
    refusesInvalid(create({ profile: newProfile({ notValid: 'x' }) }), 'newUser',
      ["Property name 'notValid' is not defined in profile"]));

  test('refuses a malformed email', () =>
    refusesInvalid(create({ profile: newProfile({ email: 'not an address' }) }), 'email',
      ['email: Does not match required pattern']));

  for (const [flaw, value] of Object.entries({ short: 'Abc12#', lowercase: 'abcd1234#@' })) {
    test(`refuses a password that is too weak (${flaw})`, async () => {
      const profile = newProfile();
      await refusesInvalid(create({ profile, credentials: password(value) }), 'password',
        [new RegExp(`^password: ${POLICY}`)]);
      await refusesUnknownUser(users.getUser({ userId: profile.login }), profile.login);
    });
  }

  test('refuses a password that contains part of the login', () => {
    const login = `${unique('isaac')}.brock@ada.example`;
    return refusesInvalid(create({ profile: newProfile({ login }), credentials: password('brockR0cks!') }), 'password',
      [new RegExp(`^password: ${POLICY}.*no parts of your username`)]);
  });
});
