import { expect, test } from './support/test';

// The guard is what makes the other tests strict, so each of its eyes has a test that must fail.
test.describe('the guard fails a test on', () => {
  test.beforeEach(async ({ page }) => {
    await page.goto('/');
    await expect(page.getByText('Up to date')).toBeVisible();
  });

  test.fail('a console error', async ({ page }) => {
    await page.evaluate(() => {
      console.error('provoked');
    });
  });

  test.fail('a page error', async ({ page }) => {
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error('provoked');
      });
    });
    await page.waitForTimeout(200);
  });

  test.fail('an answer that is an error', async ({ page }) => {
    await page.evaluate(() => fetch('/assets/missing.js').then((response) => response.status));
  });

  test.fail('a violation of the content security policy', async ({ page }) => {
    await page.evaluate(() => {
      document.body.setAttribute('style', 'color: red');
    });
    await page.waitForTimeout(200);
  });
});
