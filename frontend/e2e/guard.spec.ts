import { expect, test } from './support/test';

// The guard is what makes the other tests strict, so each of its eyes is shown something to see.
test.describe('the guard sees', () => {
  test.beforeEach(async ({ page }) => {
    await page.goto('/');
    await expect(page.getByText('Up to date')).toBeVisible();
  });

  test('a console error', async ({ page, guard }) => {
    await page.evaluate(() => {
      console.error('provoked');
    });
    await guard.expectTrouble('console error: provoked');
  });

  test('a page error', async ({ page, guard }) => {
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error('provoked');
      });
    });
    await guard.expectTrouble('page error: provoked');
  });

  test('an answer that is an error', async ({ page, guard }) => {
    await page.evaluate(() => fetch('/assets/missing.js').then((response) => response.status));
    await guard.expectTrouble('status 404: ');
  });

  test('a request that gets no answer', async ({ page, guard }) => {
    await page.route('/healthz', (route) => route.abort('connectionrefused'));
    await page.evaluate(() => fetch('/healthz').catch(() => undefined));
    await guard.expectTrouble('request failed: ');
  });

  test('a violation of the content security policy', async ({ page, guard }) => {
    await page.evaluate(() => {
      document.body.setAttribute('style', 'color: red');
    });
    await guard.expectTrouble('content security policy: style-src-attr blocked inline');
  });
});
