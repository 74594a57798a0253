import { randomDigest, randomHex, secondsAgo } from './support/ledger';
import { expect, test } from './support/test';

/** A poll comes every 5 seconds, and the worker needs a moment before it. */
const SOON = { timeout: 20_000 };

test(
  'evidence written while the board is open appears on it by itself',
  { tag: '@smoke' },
  async ({ page, ledger }) => {
    const service = `e2e-${randomHex(12)}`;
    const version = `0.0.0-e2e.${randomHex(8)}`;
    const commit = randomHex(40);
    const digest = randomDigest();
    const deployed = { kind: 'deployed', service, environment: 'e2e', actor: 'e2e' } as const;

    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'What runs where' })).toBeVisible();
    await expect(page.getByText('Up to date')).toBeVisible();
    await expect(page.getByText(service)).toHaveCount(0);
    // Lost by a reload.
    await page.evaluate(() => (document.documentElement.dataset.opened = 'once'));

    await ledger.record(
      {
        at: secondsAgo(120),
        claim: {
          kind: 'image_built',
          commit,
          digest,
          platforms: ['linux/amd64'],
          size_bytes: 12_345_678,
        },
      },
      { at: secondsAgo(90), claim: { kind: 'ci_verdict', commit, outcome: 'success', jobs: [] } },
      { at: secondsAgo(60), claim: { ...deployed, commit, digest, version, outcome: 'success' } },
    );

    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: service }) });
    await expect(row).toContainText(version, SOON);
    await expect(row).toContainText('Running');
    await expect(row).toContainText(digest.slice(7, 19));
    await expect(row).toContainText('deployed by e2e');

    const line = page
      .getByRole('table', { name: 'Commits' })
      .getByRole('row')
      .filter({ hasText: commit.slice(0, 7) });
    await expect(line).toContainText('passed');
    await expect(line).toContainText('12.3 MB');
    await expect(line.getByText('e2e', { exact: true })).toBeVisible();

    await ledger.record({
      at: secondsAgo(30),
      claim: { ...deployed, commit: randomHex(40), version: 'never-ran', outcome: 'failure' },
    });
    await expect(row).toContainText('Last attempt failed', SOON);
    await expect(row).toContainText(version);
    await expect(row).not.toContainText('never-ran');

    await expect(page.locator('html')).toHaveAttribute('data-opened', 'once');
  },
);
