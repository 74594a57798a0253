import { expect, test } from './support/test';

test('an unknown page says so and leads back', { tag: '@smoke' }, async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  await expect(page).toHaveTitle('No such page · Portbook');
  await page.getByRole('link', { name: 'Back to the board' }).click();
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('heading', { name: 'What runs where' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
});

test('a missing asset is missing, and not the page', { tag: '@smoke' }, async ({ request }) => {
  const response = await request.get('/assets/index-00000000.js');
  expect(response.status()).toBe(404);
  expect(response.headers()['content-type']).not.toContain('text/html');
});
