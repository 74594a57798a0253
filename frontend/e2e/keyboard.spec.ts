import type { Page } from '@playwright/test';
import { randomDigest, randomHex, secondsAgo } from './support/ledger';
import { expect, test } from './support/test';

test.use({
  viewport: { width: 360, height: 740 },
  permissions: ['clipboard-read', 'clipboard-write'],
});

const widerThanScreen = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('a phone and a keyboard are enough', { tag: '@smoke' }, async ({ page, ledger }) => {
  const service = `e2e-a-name-nearly-as-long-as-they-may-be-${randomHex(20)}`;
  await ledger.record({
    at: secondsAgo(5),
    claim: {
      kind: 'deployed',
      service,
      environment: 'e2e',
      commit: randomHex(40),
      digest: randomDigest(),
      version: `1.0.0-${'long'.repeat(20)}`,
      outcome: 'success',
      actor: 'e2e',
    },
  });
  await page.goto('/');
  await expect(page.getByRole('rowheader', { name: service })).toBeVisible({ timeout: 20_000 });
  const focused = page.locator(':focus');

  await page.keyboard.press('Tab');
  await expect(focused).toHaveText('Skip to the content');
  await expect(focused).toBeInViewport();

  await test.step('choose a colour scheme', async () => {
    await page.keyboard.press('Tab');
    await expect(focused).toHaveText('Portbook');
    for (const scheme of ['System', 'Light', 'Dark']) {
      await page.keyboard.press('Tab');
      await expect(focused).toHaveAccessibleName(scheme);
      await expect(focused).not.toHaveCSS('outline-style', 'none');
    }
    await page.keyboard.press('Enter');
    await expect(focused).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('html')).toHaveCSS('color-scheme', 'dark');
    await page.reload();
    await expect(page.locator('html')).toHaveCSS('color-scheme', 'dark');
  });

  await test.step('skip to the content and copy a digest', async () => {
    await expect(page.getByRole('rowheader', { name: service })).toBeVisible();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(focused).toHaveAccessibleName(/^Copy the digest of /);
    await expect(focused).toBeInViewport();
    await expect(focused).not.toHaveCSS('outline-style', 'none');
    const digest = await focused.locator('xpath=preceding-sibling::code').getAttribute('title');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await page.keyboard.press('Enter');
    await expect(focused).toHaveText('Copied');
    // Outside a secure context the page can copy, but nobody can look.
    if (await page.evaluate(() => isSecureContext)) {
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(digest);
    }
  });

  await test.step('nothing is wider than the screen', async () => {
    expect(await widerThanScreen(page)).toBe(0);
  });
});
