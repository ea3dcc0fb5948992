'use strict';
// What stands around the users: roles, apps, identity providers, policies, hooks, sessions and tokens.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { PASSWORD, clientId, collect, newClient, newUser, orgUrl, refuses, unique, versions } = require('./helpers');

for (const version of versions) {
  const client = newClient(version);
  const group = () => client.groupApi.createGroup({ group: { profile: { name: unique('Group') } } });
  const bookmark = () => client.applicationApi.createApplication({
    application: {
      name: 'bookmark', label: unique('Bookmark'), signOnMode: 'BOOKMARK',
      settings: { app: { requestIntegration: false, url: 'https://example.com' } },
    },
  });
  const about = (subject, tests) => describe(`${subject} (${version})`, { concurrency: 16 }, tests);

  about('roles', () => {
    const { roleAssignmentApi: roles, roleTargetApi: targets } = client;

    test('a user gets a role, shows it and loses it', async () => {
      const { id: userId } = await newUser.active(client.userApi);
      const role = await roles.assignRoleToUser({ userId, assignRoleRequest: { type: 'USER_ADMIN' } });
      assert.deepEqual([role.type, role.label, role.assignmentType], ['USER_ADMIN', 'Group Administrator', 'USER']);
      const shown = await collect(roles.listAssignedRolesForUser({ userId }));
      assert.deepEqual(shown.map(({ id }) => id), [role.id]);
      await refuses(roles.assignRoleToUser({ userId, assignRoleRequest: { type: 'USER_ADMIN' } }), 409, 'E0000090',
        'The role specified is already assigned to the user.', []);
      await roles.unassignRoleFromUser({ userId, roleId: role.id });
      assert.deepEqual(await collect(roles.listAssignedRolesForUser({ userId })), []);
    });

    test('a role is narrowed to groups', async () => {
      const { id: userId } = await newUser.active(client.userApi);
      const { id: roleId } = await roles.assignRoleToUser({ userId, assignRoleRequest: { type: 'HELP_DESK_ADMIN' } });
      const [one, other] = [await group(), await group()];
      for (const { id: groupId } of [one, other]) await targets.assignGroupTargetToUserRole({ userId, roleId, groupId });
      const ids = async () =>
        (await collect(targets.listGroupTargetsForRole({ userId, roleId }))).map(({ id }) => id);
      assert.deepEqual(await ids(), [one.id, other.id]);
      await targets.unassignGroupTargetFromUserAdminRole({ userId, roleId, groupId: one.id });
      assert.deepEqual(await ids(), [other.id]);
    });

    test('members of a group have its role', async () => {
      const [{ id: userId }, { id: groupId }] = [await newUser.active(client.userApi), await group()];
      await roles.assignRoleToGroup({ groupId, assignRoleRequest: { type: 'REPORT_ADMIN' } });
      await client.groupApi.assignUserToGroup({ groupId, userId });
      const [role] = await collect(roles.listAssignedRolesForUser({ userId }));
      assert.deepEqual([role.type, role.assignmentType], ['REPORT_ADMIN', 'GROUP']);
    });
  });

  about('apps', () => {
    const { applicationApi: apps, userApi } = client;

    test('users and groups are assigned and see the app among their links', async () => {
      const [{ id: appId, label }, { id: groupId }] = [await bookmark(), await group()];
      const [direct, member] = [await newUser.active(userApi), await newUser.active(userApi)];
      const assigned = await apps.assignUserToApplication({ appId, appUser: { id: direct.id } });
      assert.equal(assigned.scope, 'USER');
      await client.groupApi.assignUserToGroup({ groupId, userId: member.id });
      await apps.assignGroupToApplication({ appId, groupId, applicationGroupAssignment: {} });
      for (const { id: userId } of [direct, member]) {
        const links = await collect(userApi.listAppLinks({ userId }));
        assert.deepEqual(links.map((link) => link.label), [label]);
      }
      const users = await collect(apps.listApplicationUsers({ appId }));
      assert.ok(users.some(({ id }) => id === direct.id));
      await apps.deactivateApplication({ appId });
      assert.deepEqual(await collect(userApi.listAppLinks({ userId: direct.id })), []);
      await apps.deleteApplication({ appId });
    });
  });

  about('identity providers', () => {
    const { identityProviderApi: idps, userApi } = client;

    test('a user is linked and unlinked', async () => {
      const { id: userId } = await newUser.active(userApi);
      const { id: idpId } = await idps.createIdentityProvider({
        identityProvider: {
          type: 'GOOGLE', name: unique('Google'),
          protocol: {
            type: 'OIDC', scopes: ['profile', 'email', 'openid'],
            credentials: { client: { client_id: 'id', client_secret: 'secret' } },
          },
          policy: {
            accountLink: { action: 'AUTO', filter: null },
            provisioning: { action: 'AUTO', profileMaster: true, groups: { action: 'NONE' } },
            maxClockSkew: 0, subject: { userNameTemplate: { template: 'idpuser.email' }, matchType: 'USERNAME' },
          },
        },
      });
      const externalId = unique('external');
      await idps.linkUserToIdentityProvider({ idpId, userId, userIdentityProviderLinkRequest: { externalId } });
      const [linked] = await collect(idps.listIdentityProviderApplicationUsers({ idpId }));
      assert.deepEqual([linked.id, linked.externalId], [userId, externalId]);
      assert.deepEqual((await collect(userApi.listUserIdentityProviders({ userId }))).map(({ id }) => id), [idpId]);
      await idps.unlinkUserFromIdentityProvider({ idpId, userId });
      assert.deepEqual(await collect(userApi.listUserIdentityProviders({ userId })), []);
      await idps.deactivateIdentityProvider({ idpId });
      await idps.deleteIdentityProvider({ idpId });
    });
  });

  about('policies', () => {
    test('the password policy has its rule', async () => {
      const [policy] = await collect(client.policyApi.listPolicies({ type: 'PASSWORD' }));
      assert.equal(policy.settings.password.complexity.minLength, 8);
      const rules = await collect(client.policyApi.listPolicyRules({ policyId: policy.id }));
      assert.equal(rules.length, 1);
    });
  });

  about('inline hooks', () => {
    test('one is made, read and removed', async () => {
      const { inlineHookApi: hooks } = client;
      const { id: inlineHookId } = await hooks.createInlineHook({
        inlineHook: {
          name: unique('Hook'), type: 'com.okta.user.credential.password.import', version: '1.0.0',
          channel: { type: 'HTTP', version: '1.0.0', config: { uri: 'https://hooks.example.com', method: 'POST' } },
        },
      });
      assert.equal((await hooks.getInlineHook({ inlineHookId })).status, 'ACTIVE');
      await hooks.deactivateInlineHook({ inlineHookId });
      await hooks.deleteInlineHook({ inlineHookId });
      await assert.rejects(hooks.getInlineHook({ inlineHookId }), { status: 404 });
    });
  });

  about('sessions', () => {
    test('a session token becomes a session that is read, refreshed and ended', async () => {
      const user = await newUser.active(client.userApi);
      const signedIn = await fetch(`${orgUrl}/api/v1/authn`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: user.profile.login, password: PASSWORD }),
      });
      const { sessionToken } = await signedIn.json();
      const session = await client.sessionApi.createSession({ createSessionRequest: { sessionToken } });
      assert.equal(session.userId, user.id);
      const { id: sessionId } = session;
      assert.equal((await client.sessionApi.getSession({ sessionId })).login, user.profile.login);
      await client.sessionApi.refreshSession({ sessionId });
      await client.sessionApi.revokeSession({ sessionId });
      await assert.rejects(client.sessionApi.getSession({ sessionId }), { status: 404 });
    });
  });

  about('API tokens', () => {
    test('the org\'s tokens are listed with their owners', { skip: clientId && 'a client is no user' }, async () => {
      const { id } = await client.userApi.getUser({ userId: 'me' });
      const tokens = await collect(client.apiTokenApi.listApiTokens({}));
      assert.ok(tokens.some((token) => token.userId === id && token.tokenWindow === 'P30D'));
    });
  });
}
