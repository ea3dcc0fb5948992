'use strict';

const assert = require('node:assert/strict');
const { before, test } = require('node:test');
const {
  PASSWORD, assertSame, assertStatus, collect, eachSdk, newProfile, orgUrl, pages, password, refuses, unique,
} = require('./helpers');

eachSdk('listUsers', (users) => {
  // A family of five: one STAGED user without a department, and one each of four statuses with one.
  const lastName = unique('Lovelace');
  const family = `profile.lastName eq "${lastName}"`;
  const ids = {};

  before(async () => {
    const create = async (firstName, status, department) => {
      const profile = newProfile({ firstName, lastName, department });
      const credentials = status === 'ACTIVE' ? password(PASSWORD) : undefined;
      const user = await users.createUser({ body: { profile, credentials }, activate: status !== 'STAGED' });
      ids[firstName] = user.id;
    };
    await create('Ada', 'ACTIVE', 'Engines');
    await create('Bea', 'STAGED', 'Engines');
    await create('Cyd', 'PROVISIONED', 'Looms');
    await create('Dan', 'STAGED');
    await create('Eve', 'PROVISIONED', 'Looms');
    await users.deactivateUser({ userId: ids.Eve });
  });

  const list = (query) => collect(users.listUsers(query));
  const firstNames = async (query) => (await list(query)).map((user) => user.profile.firstName);
  const found = async (query) => (await firstNames(query)).sort().join(' ');

  const searches = {
    [family]: 'Ada Bea Cyd Dan Eve',
    [family.toUpperCase().replace('PROFILE.LASTNAME', 'profile.lastName')]: 'Ada Bea Cyd Dan Eve',
    [`${family} and status eq "STAGED"`]: 'Bea Dan',
    [`${family} and (status eq "ACTIVE" or status eq "PROVISIONED")`]: 'Ada Cyd',
    [`${family} and status eq "ACTIVE" or ${family} and status eq "STAGED"`]: 'Ada Bea Dan',
    [`${family} and not (status eq "STAGED")`]: 'Ada Cyd Eve',
    [`${family} and (status lt "STAGED" or status gt "STAGED")`]: 'Ada Cyd Eve',
    [`${family} and profile.department pr`]: 'Ada Bea Cyd Eve',
    [`${family} and not (profile.department pr)`]: 'Dan',
    [`${family} and profile.department sw "eng"`]: 'Ada Bea',
    [`${family} and profile.firstName co "D"`]: 'Ada Cyd Dan',
    [`${family} and profile.firstName gt "Cyd"`]: 'Dan Eve',
    [`${family} and created gt "2020-01-01T00:00:00.000Z"`]: 'Ada Bea Cyd Dan Eve',
    [`${family} and lastUpdated gt "2999-01-01T00:00:00.000Z"`]: '',
  };
  for (const [search, expected] of Object.entries(searches)) {
    test(`search=${search.replaceAll(lastName, 'Lovelace')} finds ${expected || 'nobody'}`, async () =>
      assert.equal(await found({ search }), expected));
  }

  test('search finds a user by id', async () =>
    assert.deepEqual((await list({ search: `id eq "${ids.Dan}"` })).map((user) => user.id), [ids.Dan]));

  test('search sorts by sortBy in the order of sortOrder', async () => {
    const sorted = (sortOrder) => firstNames({ search: family, sortBy: 'profile.firstName', sortOrder });
    assert.deepEqual(await sorted('asc'), ['Ada', 'Bea', 'Cyd', 'Dan', 'Eve']);
    assert.deepEqual(await sorted('desc'), ['Eve', 'Dan', 'Cyd', 'Bea', 'Ada']);
  });

  test('search sees a change at once', async () => {
    const profile = newProfile({ lastName: unique('King') });
    const search = `profile.lastName eq "${profile.lastName}"`;
    const { id } = await users.createUser({ body: { profile }, activate: false });
    assert.equal(await found({ search }), 'Ada');
    await users.updateUser({ userId: id, user: { profile: { firstName: 'Augusta' } } });
    assert.equal(await found({ search }), 'Augusta');
  });

  for (const search of ['profile.firstName eq', 'profile.noSuchAttribute eq "x"', 'profile.department co "x"',
    'credentials.provider.type eq "OKTA"', "profile.firstName eq 'Ada'"]) {
    test(`search=${search} is refused`, () =>
      refuses(list({ search }), 400, 'E0000031', 'Invalid search criteria.'));
  }

  test('filter finds by status, name and time, deactivated users too', async () => {
    assert.equal(await found({ filter: family }), 'Ada Bea Cyd Dan Eve');
    assert.equal(await found({ filter: `${family} and status eq "STAGED"` }), 'Bea Dan');
    assert.equal(await found({ filter: `${family} and (status eq "ACTIVE" or status eq "DEPROVISIONED")` }), 'Ada Eve');
    assert.equal(await found({ filter: `${family} and lastUpdated gt "2999-01-01T00:00:00.000Z"` }), '');
  });

  test('filter compares values letter case by letter case', async () =>
    assert.equal(await found({ filter: `profile.lastName eq "${lastName.toUpperCase()}"` }), ''));

  for (const filter of ['profile.department eq "Looms"', 'profile.firstName sw "A"', 'not (status eq "ACTIVE")']) {
    test(`filter=${filter} is refused`, () =>
      refuses(list({ filter }), 400, 'E0000031', 'Invalid search criteria.'));
  }

  test('search and filter together are refused', () =>
    refuses(list({ search: family, filter: family }), 400, 'E0000033',
      "Bad request. Can't specify a search query and filter in the same request."));

  test('q matches the beginning of names and email in any letter case, deactivated users left out', async () => {
    assert.equal(await found({ q: lastName }), 'Ada Bea Cyd Dan');
    assert.equal(await found({ q: lastName.toLowerCase() }), 'Ada Bea Cyd Dan');
    const { profile } = await users.getUser({ userId: ids.Bea });
    assert.equal(await found({ q: profile.email }), 'Bea');
    assert.equal(await found({ q: lastName.slice(1) }), '');
  });

  test('q answers one page of at most limit users', async () =>
    assert.deepEqual((await pages(users.listUsers({ q: lastName, limit: 3 }))).map((page) => page.length), [3]));

  test('the plain list leaves deactivated users out', async () => {
    const listed = (await list({ limit: 200 })).map((user) => user.id);
    for (const name of ['Ada', 'Bea', 'Cyd', 'Dan']) assert.ok(listed.includes(ids[name]), name);
    assert.ok(!listed.includes(ids.Eve));
  });

  test('a listed user is the user read alone, but for its links', async () => {
    const [listed] = await list({ search: `id eq "${ids.Ada}"` });
    const alone = await users.getUser({ userId: ids.Ada });
    assertStatus(alone, 'ACTIVE');
    assertSame({ ...listed, _links: null }, { ...alone, _links: null });
    const links = Object.entries(listed._links).filter(([, link]) => link);
    assert.deepEqual(links.map(([rel, link]) => [rel, link.href]), [['self', `${orgUrl}/api/v1/users/${ids.Ada}`]]);
  });

  test('a cursor that no list gave is refused', () =>
    refuses(list({ after: 'not-a-cursor' }), 400, 'E0000029', 'Invalid paging request.', ['Invalid cursor.']));
});

eachSdk('listUsers, page by page', (users) => {
  const lastName = unique('Babbage');
  const family = `profile.lastName eq "${lastName}"`;
  let ids;

  before(async () => {
    const created = ['Gus', 'Abe', 'Fay', 'Bob', 'Eli', 'Col', 'Dot'].map((firstName) =>
      users.createUser({ body: { profile: newProfile({ firstName, lastName }) }, activate: false }));
    ids = (await Promise.all(created)).map((user) => user.id).sort();
  });

  const queries = {
    'a search': { search: family },
    'a sorted search': { search: family, sortBy: 'profile.firstName', sortOrder: 'desc' },
    'a filter': { filter: family },
  };
  for (const [name, query] of Object.entries(queries)) {
    test(`${name} over three pages yields every user once`, async () => {
      const found = await pages(users.listUsers({ ...query, limit: 3 }));
      assert.deepEqual(found.map((page) => page.length), [3, 3, 1]);
      assert.deepEqual(found.flat().map((user) => user.id).sort(), ids);
    });
  }

  test('the pages of a sorted search continue its order', async () => {
    const found = await pages(users.listUsers({ ...queries['a sorted search'], limit: 3 }));
    assert.deepEqual(found.flat().map((user) => user.profile.firstName),
      ['Gus', 'Fay', 'Eli', 'Dot', 'Col', 'Bob', 'Abe']);
  });

  test('an exactly full page is the last', async () =>
    assert.deepEqual((await pages(users.listUsers({ search: family, limit: 7 }))).map((page) => page.length), [7]));

  test('the plain list yields every user once', async () => {
    const listed = (await collect(users.listUsers({ limit: 3 }))).map((user) => user.id);
    assert.equal(new Set(listed).size, listed.length);
    assert.deepEqual(listed.filter((id) => ids.includes(id)).sort(), ids);
  });
});
