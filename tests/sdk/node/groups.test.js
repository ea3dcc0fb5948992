'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { collect, newClient, newProfile, refuses, unique, versions } = require('./helpers');

// Runs the same tests on each SDK version, with the whole client.
function eachClient(subject, tests) {
  for (const version of versions) {
    describe(`${subject} (${version})`, { concurrency: 8 }, () => tests(newClient(version)));
  }
}

const group = (client) => client.groupApi.createGroup({ group: { profile: { name: unique('Engineers') } } });
const user = (client, attributes) => client.userApi.createUser({ body: { profile: newProfile(attributes) } });
const members = async (client, groupId) =>
  (await collect(client.groupApi.listGroupUsers({ groupId }))).map(({ id }) => id);
const missing = (id, kind) => `Not found: Resource not found: ${id} (${kind})`;

// Rules reach those who were there in the background.
async function eventually(read, expected) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const found = await read();
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.deepEqual(await read(), expected);
}

const rule = (name, expression, groupId) => ({
  type: 'group_rule',
  name,
  conditions: { expression: { value: expression, type: 'urn:okta:expression:1.0' } },
  actions: { assignUserToGroups: { groupIds: [groupId] } },
});

eachClient('group rules', (client) => {
  const api = client.groupApi;

  test('put users into groups, before and after their activation, until they no longer fit', async () => {
    const [target, department] = [await group(client), unique('Sales')];
    const before = await user(client, { department });
    const name = unique('rule');
    const expression = `user.department=="${department}"`;
    const made = await api.createGroupRule({ groupRule: rule(name, expression, target.id) });
    assert.deepEqual([made.status, made.name, made.type], ['INACTIVE', name, 'group_rule']);
    assert.equal(made.conditions.expression.value, expression);
    assert.deepEqual(made.actions.assignUserToGroups.groupIds, [target.id]);
    await api.activateGroupRule({ ruleId: made.id });
    assert.equal((await api.getGroupRule({ ruleId: made.id })).status, 'ACTIVE');
    await eventually(() => members(client, target.id), [before.id]);
    const after = await user(client, { department });
    assert.deepEqual(await members(client, target.id), [before.id, after.id]);
    await client.userApi.updateUser({ userId: before.id, user: { profile: { department: 'Songs' } } });
    assert.deepEqual(await members(client, target.id), [after.id]);

    await refuses(api.replaceGroupRule({ ruleId: made.id, groupRule: rule(name, 'true', target.id) }), 400, 'E0000001',
      'Api validation failed: status', ['status: Only a rule that is INACTIVE can be updated']);
    await api.deactivateGroupRule({ ruleId: made.id });
    const renamed = await api.replaceGroupRule({ ruleId: made.id, groupRule: rule(unique('rule'), expression, target.id) });
    const found = await collect(await api.listGroupRules({ search: renamed.name }));
    assert.deepEqual(found.map(({ id }) => id), [made.id]);
    await api.deleteGroupRule({ ruleId: made.id, removeUsers: true });
    await eventually(() => members(client, target.id), []);
    await refuses(api.getGroupRule({ ruleId: made.id }), 404, 'E0000007', missing(made.id, 'GroupRule'), []);
  });

  test('are refused for a condition that cannot be, and for a group that is not there', async () => {
    const target = await group(client);
    await refuses(api.createGroupRule({ groupRule: rule(unique('rule'), 'user.shoeSize == 9', target.id) }), 400,
      'E0000001', 'Api validation failed: validateRule',
      ['Invalid property user.shoeSize in expression. (at position 0)']);
    await refuses(api.createGroupRule({ groupRule: rule(unique('rule'), 'true', '00gnobody') }), 404, 'E0000007',
      missing('00gnobody', 'UserGroup'), []);
  });
});

eachClient('group owners', (client) => {
  test('are assigned, listed and removed', async () => {
    const [owned, owner] = [await group(client), await user(client)];
    const body = { id: owner.id, type: 'USER' };
    // The SDKs spell the member one way in one version and another in the other.
    const made = await client.groupApi.assignGroupOwner({ groupId: owned.id, GroupOwner: body, groupOwner: body });
    assert.deepEqual([made.id, made.type, made.displayName], [owner.id, 'USER', 'Ada Lovelace']);
    const owners = async () => (await collect(await client.groupApi.listGroupOwners({ groupId: owned.id }))).map(({ id }) => id);
    assert.deepEqual(await owners(), [owner.id]);
    await client.groupApi.deleteGroupOwner({ groupId: owned.id, ownerId: owner.id });
    assert.deepEqual(await owners(), []);
  });
});

eachClient('schemas and user types', (client) => {
  const attribute = (name, definition) => ({ definitions: { custom: { id: '#custom', type: 'object', properties: { [name]: definition } } } });
  const name = () => unique('attribute').replaceAll('-', '_');

  test('a custom attribute of users is checked, searched and removed', async () => {
    const band = name();
    const userSchema = attribute(band, { title: 'Band', type: 'string', maxLength: 5 });
    const schema = await client.schemaApi.updateUserProfile({ schemaId: 'default', userSchema });
    assert.equal(schema.definitions.custom.properties[band].maxLength, 5);
    const fan = await user(client, { [band]: 'Wolf' });
    assert.equal((await client.userApi.getUser({ userId: fan.id })).profile[band], 'Wolf');
    await refuses(user(client, { [band]: 'Modest' }), 400, 'E0000001', `Api validation failed: ${band}`,
      [`${band}: The field is too long`]);
    const found = await collect(await client.userApi.listUsers({ search: `profile.${band} eq "wolf"` }));
    assert.deepEqual(found.map(({ id }) => id), [fan.id]);
    await client.schemaApi.updateUserProfile({ schemaId: 'default', userSchema: attribute(band, null) });
    assert.equal((await client.userApi.getUser({ userId: fan.id })).profile[band], undefined);
  });

  test('the schema of groups tells its base attributes', async () => {
    const schema = await client.schemaApi.getGroupSchema();
    assert.equal(schema.definitions.base.properties.name.maxLength, 255);
  });

  test('a user type is made, changed and deleted', async () => {
    const made = await client.userTypeApi.createUserType({ userType: { name: name(), displayName: 'Contractor' } });
    assert.equal(made._default, false);
    const userType = { name: made.name, displayName: 'Freelancer', description: 'By the day' };
    const changed = await client.userTypeApi.replaceUserType({ typeId: made.id, userType });
    assert.deepEqual([changed.displayName, changed.description], ['Freelancer', 'By the day']);
    await client.userTypeApi.deleteUserType({ typeId: made.id });
    await refuses(client.userTypeApi.getUserType({ typeId: made.id }), 404, 'E0000007', missing(made.id, 'CVDType'), []);
  });
});

eachClient('linked objects', (client) => {
  test('are defined, set, replaced, read from either end and removed', async () => {
    const [manager, subordinate] = ['manager', 'subordinate'].map((end) => unique(end).replaceAll('-', '_'));
    const end = (name) => ({ name, title: name, description: name, type: 'USER' });
    const linkedObject = { primary: end(manager), associated: end(subordinate) };
    const made = await client.linkedObjectApi.createLinkedObjectDefinition({ linkedObject });
    assert.equal(made.primary.name, manager);
    const [ada, charles, mary] = await Promise.all([user(client), user(client), user(client)]);
    const set = (primaryUserId) => client.userApi.setLinkedObjectForUser({
      associatedUserId: ada.id, primaryRelationshipName: manager, primaryUserId,
    });
    const linked = async (userId, relationshipName) =>
      (await collect(await client.userApi.listLinkedObjectsForUser({ userId, relationshipName }))).length;
    await set(charles.id);
    assert.deepEqual([await linked(ada.id, manager), await linked(charles.id, subordinate)], [1, 1]);
    await set(mary.id);
    assert.deepEqual([await linked(ada.id, manager), await linked(charles.id, subordinate)], [1, 0]);
    await client.userApi.deleteLinkedObjectForUser({ userId: ada.id, relationshipName: manager });
    assert.deepEqual([await linked(ada.id, manager), await linked(mary.id, subordinate)], [0, 0]);
    await client.linkedObjectApi.deleteLinkedObjectDefinition({ linkedObjectName: subordinate });
    await refuses(client.linkedObjectApi.getLinkedObjectDefinition({ linkedObjectName: manager }), 404, 'E0000007',
      missing(manager, 'LinkedObjectProperty'), []);
  });
});
