'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { assertSame, collect, eachSdk, newUser, refuses, unique } = require('./helpers');

eachSdk('clearUserSessions', (users) => {
  test('succeeds without sessions and changes nothing, with and without oauthTokens', async () => {
    const user = await newUser.active(users);
    await users.revokeUserSessions({ userId: user.id });
    await users.revokeUserSessions({ userId: user.id, oauthTokens: true });
    assertSame(await users.getUser({ userId: user.id }), user);
  });
});

eachSdk('listUserGroups', (users, groups) => {
  const createGroup = () => groups.createGroup({ group: { profile: { name: unique('Engineers') } } });
  const groupIds = async (userId) => (await collect(users.listUserGroups({ userId }))).map((group) => group.id);

  test('begins with Everyone', async () => {
    const user = await newUser.staged(users);
    const [everyone, ...others] = await collect(users.listUserGroups({ userId: user.id }));
    assert.deepEqual([everyone.type, everyone.profile.name], ['BUILT_IN', 'Everyone']);
    assert.equal(everyone.profile.description, 'All users in your organization');
    assert.deepEqual(others, []);
  });

  test('follows joining and leaving, and so do the group\'s members', async () => {
    const [user, group] = [await newUser.staged(users), await createGroup()];
    const [everyone] = await groupIds(user.id);
    const membership = { groupId: group.id, userId: user.id };
    const members = async () => (await collect(groups.listGroupUsers({ groupId: group.id }))).map(({ id }) => id);

    await groups.assignUserToGroup(membership);
    await groups.assignUserToGroup(membership);
    assert.deepEqual(await groupIds(user.id), [everyone, group.id]);
    assert.deepEqual(await members(), [user.id]);

    await groups.unassignUserFromGroup(membership);
    assert.deepEqual(await groupIds(user.id), [everyone]);
    assert.deepEqual(await members(), []);
  });

  test('forgets a deleted group', async () => {
    const [user, group] = [await newUser.staged(users), await createGroup()];
    await groups.assignUserToGroup({ groupId: group.id, userId: user.id });
    await groups.deleteGroup({ groupId: group.id });
    assert.equal((await groupIds(user.id)).length, 1);
    await refuses(groups.getGroup({ groupId: group.id }), 404, 'E0000007',
      `Not found: Resource not found: ${group.id} (UserGroup)`, []);
  });

  test('shows a renamed group as it is read alone', async () => {
    const [user, group] = [await newUser.staged(users), await createGroup()];
    await groups.assignUserToGroup({ groupId: group.id, userId: user.id });
    const profile = { name: unique('Weavers'), description: 'They weave algebra' };
    await groups.replaceGroup({ groupId: group.id, group: { profile } });
    const [, renamed] = await collect(users.listUserGroups({ userId: user.id }));
    assert.deepEqual([renamed.profile.name, renamed.profile.description], [profile.name, profile.description]);
    assert.equal(renamed.type, 'OKTA_GROUP');
    assertSame(await groups.getGroup({ groupId: group.id }), renamed);
  });

  test('refuses a group name that exists', async () => {
    const { profile } = await createGroup();
    await refuses(groups.createGroup({ group: { profile: { name: profile.name } } }), 400, 'E0000001',
      'Api validation failed: name', ['name: An object with this field already exists in the current organization']);
  });
});

for (const operation of ['listUserIdentityProviders', 'listAppLinks', 'listUserClients']) {
  eachSdk(operation, (users) => {
    test('is empty for a new user, by id and by login', async () => {
      const user = await newUser.active(users);
      for (const userId of [user.id, user.profile.login]) {
        assert.deepEqual(await collect(users[operation]({ userId })), []);
      }
    });
  });
}
