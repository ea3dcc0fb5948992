// The hosted pages in Debian's Chromium: what users do from their mails to the signed-in page, without an error in the console,
// a violated policy or a field without a label. What was seen is kept in target/screenshots.
'use strict';

const assert = require('node:assert/strict');
const { mkdirSync } = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { chromium } = require('playwright-core');

const { start } = require('./roster');
const { totp } = require('./totp');

const PASSWORD = 'Abcd1234#@';
const NEW_PASSWORD = 'Efgh5678#@';
const engine = process.env.ROSTER_TEST_DATABASE ? 'postgres' : 'sqlite';
const screenshots = path.join(process.env.SCREENSHOTS, engine);

let browser;
let roster;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  roster = await start();
  // Chromium's own sandbox does not start for root.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  await roster?.stop();
});

/** A page of a new browser, and what goes wrong on it. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 900, height: 760 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => {
    // A refusal is an answer too: the page of it is what the test looks at.
    const refused = /Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !refused) page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('requestfailed', (request) => page.problems.push(`${request.url()}: ${request.failure().errorText}`));
  return page;
}

/** What the page shows by now: kept as a picture, and looked over. */
async function look(page, name) {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
  assert.deepEqual(page.problems, [], name);
  assert.equal(await page.locator('h1').count(), 1, `${name} has one heading`);
  assert.equal(await page.locator('html[lang="en"]').count(), 1);
  assert.equal(await page.locator('script, iframe').count(), 0, `${name} has no script and no frame`);
  for (const field of await page.locator('input:not([type=hidden]), select').all()) {
    const id = await field.getAttribute('id');
    assert.equal(await page.locator(`label[for="${id}"]`).count(), 1, `${name}: the field ${id} has a label`);
  }
}

const heading = (page) => page.locator('h1').innerText();
const problem = (page) => page.locator('[role=alert]').innerText();
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

async function create(login, credentials) {
  const profile = { firstName: 'Isaac', lastName: 'Brock', email: login, login };
  return roster.api('POST', '/api/v1/users', { profile, credentials });
}

async function signIn(page, login, password) {
  await page.goto(`${roster.url}/`);
  await page.getByLabel('Username').fill(login);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Sign in');
}

async function choosePassword(page, password) {
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password again').fill(password);
}

async function requireFactor(required) {
  const [policy] = await roster.api('GET', '/api/v1/policies?type=OKTA_SIGN_ON&expand=rules');
  const [rule] = policy._embedded.rules;
  const actions = { signon: { ...rule.actions.signon, requireFactor: required } };
  await roster.api('PUT', `/api/v1/policies/${policy.id}/rules/${rule.id}`, { ...rule, actions });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? '' : ' without JavaScript';
  const kept = javaScriptEnabled ? '' : '-without-javascript';

  test(`the activation mail leads from the mailbox to the signed-in page${how}`, async () => {
    const login = `activation${kept}@example.com`;
    const user = await create(login);
    const app = await roster.api('POST', '/api/v1/apps', {
      name: 'bookmark', label: `Tea${kept}`, signOnMode: 'BOOKMARK', settings: { app: { url: 'https://tea.example/' } },
    });
    await roster.api('POST', `/api/v1/apps/${app.id}/users`, { id: user.id, scope: 'USER' });
    const page = await open({ javaScriptEnabled });
    await page.goto(`${roster.url}/dev/mailbox`);
    await look(page, `mailbox${kept}`);
    await page.getByRole('article').filter({ hasText: login }).getByRole('link', { name: 'Open the link' }).click();
    await look(page, `welcome${kept}`);
    await press(page, 'Activate my account');
    assert.equal(await heading(page), 'Welcome');
    await choosePassword(page, 'short');
    await press(page, 'Save and sign in');
    assert.match(await problem(page), /^Passwords must have at least 8 characters/);
    await look(page, `welcome-refused${kept}`);
    await choosePassword(page, PASSWORD);
    await look(page, `welcome-password${kept}`);
    await press(page, 'Save and sign in');
    assert.equal(await heading(page), 'Isaac Brock');
    assert.equal(await page.getByRole('link', { name: `Tea${kept}` }).getAttribute('href'), 'https://tea.example/');
    await look(page, `home${kept}`);
    await press(page, 'Sign out');
    assert.equal(await heading(page), 'Sign in');
    await look(page, `sign-in${kept}`);
    await signIn(page, login, 'Wr0ngPassword');
    assert.equal(await problem(page), 'The username or the password is not right.');
    await look(page, `sign-in-refused${kept}`);
    await signIn(page, login, PASSWORD);
    assert.equal(await heading(page), 'Isaac Brock');
  });
}

test('the mail of who forgot their password leads to a new one and in', async () => {
  const question = { question: 'Where did all the cowboys go?', answer: 'Annie Oakley' };
  await create('forgot@example.com', { password: { value: PASSWORD }, recovery_question: question });
  const page = await open();
  await page.goto(`${roster.url}/`);
  await page.getByRole('link', { name: 'Forgotten your password?' }).click();
  await page.getByLabel('Username').fill('forgot@example.com');
  await look(page, 'forgotten-password');
  await press(page, 'Send the mail');
  await look(page, 'forgotten-password-sent');
  await page.goto((await roster.mail('forgot@example.com', 'forgot_password')).link);
  await look(page, 'reset');
  await press(page, 'Choose a new password');
  await page.getByLabel('Where did all the cowboys go?').fill('Annie Oakley');
  await look(page, 'recovery-question');
  await press(page, 'Go on');
  await choosePassword(page, NEW_PASSWORD);
  await look(page, 'reset-password');
  await press(page, 'Save and sign in');
  assert.equal(await heading(page), 'Isaac Brock');
});

test('the mail of an administrator\'s reset leads to a new password and in', async () => {
  const user = await create('reset@example.com', { password: { value: PASSWORD } });
  await roster.api('POST', `/api/v1/users/${user.id}/lifecycle/reset_password?sendEmail=true`);
  const page = await open();
  const { link } = await roster.mail('reset@example.com', 'reset_password');
  await page.goto(link);
  await press(page, 'Choose a new password');
  await choosePassword(page, NEW_PASSWORD);
  await press(page, 'Save and sign in');
  assert.equal(await heading(page), 'Isaac Brock');
  await page.goto(link);
  await press(page, 'Choose a new password');
  assert.equal(await heading(page), 'This link is no longer good');
  await look(page, 'link-no-longer-good');
});

test('who is locked out unlocks themselves by mail', async () => {
  const user = await create('locked@example.com', { password: { value: PASSWORD } });
  const page = await open();
  for (let attempt = 0; attempt < 10; attempt += 1) await signIn(page, 'locked@example.com', 'Wr0ngPassword');
  assert.equal((await roster.api('GET', `/api/v1/users/${user.id}`)).status, 'LOCKED_OUT');
  await page.getByRole('link', { name: 'Locked out?' }).click();
  await page.getByLabel('Username').fill('locked@example.com');
  await look(page, 'unlock');
  await press(page, 'Send the mail');
  await page.goto((await roster.mail('locked@example.com', 'unlock')).link);
  await look(page, 'unlock-link');
  await press(page, 'Unlock my account');
  await look(page, 'unlocked');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'locked@example.com', PASSWORD);
  assert.equal(await heading(page), 'Isaac Brock');
});

test('an expired password is changed on the way in', async () => {
  const user = await create('expired@example.com', { password: { value: PASSWORD } });
  await roster.api('POST', `/api/v1/users/${user.id}/lifecycle/expire_password`);
  const page = await open();
  await signIn(page, 'expired@example.com', PASSWORD);
  await look(page, 'expired-password');
  await page.getByLabel('Old password').fill('Wr0ngPassword');
  await choosePassword(page, NEW_PASSWORD);
  await press(page, 'Change password');
  assert.equal(await problem(page), 'The old password is not right.');
  await look(page, 'expired-password-refused');
  await page.getByLabel('Old password').fill(PASSWORD);
  await choosePassword(page, NEW_PASSWORD);
  await press(page, 'Change password');
  assert.equal(await heading(page), 'Isaac Brock');
});

test('a second factor is set up once and asked for from then on', async () => {
  await create('factor@example.com', { password: { value: PASSWORD } });
  await requireFactor(true);
  try {
    const page = await open();
    await signIn(page, 'factor@example.com', PASSWORD);
    assert.equal(await heading(page), 'Set up a second factor');
    await look(page, 'factor-enroll');
    await page.getByText('Google Authenticator').click();
    await page.getByRole('group').filter({ hasText: 'Google Authenticator' }).getByRole('button').click();
    await page.locator('img').evaluate((image) => image.decode());
    await look(page, 'factor-activate');
    const secret = await page.locator('code').innerText();
    const first = totp(secret);
    await page.getByLabel('Code').fill(first);
    await press(page, 'Go on');
    assert.equal(await heading(page), 'Isaac Brock');
    await press(page, 'Sign out');
    await signIn(page, 'factor@example.com', PASSWORD);
    await look(page, 'factor-choice');
    await press(page, 'Google Authenticator');
    await page.getByLabel('Code').fill(first);
    await press(page, 'Go on');
    assert.match(await problem(page), /^Each code can only be used once/);
    await look(page, 'factor-challenge-refused');
    await page.getByLabel('Code').fill(totp(secret, Date.now() + 30_000));
    await press(page, 'Go on');
    assert.equal(await heading(page), 'Isaac Brock');
    assert.match((await roster.mail('factor@example.com', 'factor_enrolled')).text, /Google Authenticator was set up/);
  } finally {
    await requireFactor(false);
  }
});

test('the pages suit dark rooms and small screens', async () => {
  const page = await open({ colorScheme: 'dark', viewport: { width: 390, height: 844 } });
  await page.goto(`${roster.url}/`);
  await look(page, 'sign-in-dark-small');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing sticks out');
});
