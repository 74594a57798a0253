import axe from 'axe-core';
import { Ledger, randomDigest, randomHex, secondsAgo } from './support/ledger';
import { expect, test } from './support/test';

const HOUR = 3600;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

declare global {
  interface Window {
    axe: typeof axe;
  }
}

test.beforeAll(async ({ baseURL }) => {
  const service = `e2e-look-${randomHex(8)}`;
  const place = (environment: string, version: string) =>
    ({
      service,
      environment,
      version,
      commit: randomHex(40),
      digest: randomDigest(),
      actor: 'e2e',
    }) as const;
  const staging = place('staging', '1.1.0');
  await new Ledger(baseURL).record(
    {
      at: secondsAgo(9 * HOUR),
      claim: { kind: 'deployed', outcome: 'success', ...place('prod', '1.0.0') },
    },
    {
      at: secondsAgo(HOUR),
      claim: { kind: 'deployed', outcome: 'failure', ...place('prod', '1.1.0') },
    },
    { at: secondsAgo(5 * HOUR), claim: { kind: 'rolled_back', ...staging } },
    {
      at: secondsAgo(2 * HOUR),
      claim: { kind: 'deployed', outcome: 'failure', ...place('dev', '1.2.0') },
    },
    {
      at: secondsAgo(HOUR),
      claim: { kind: 'ci_verdict', outcome: 'failure', commit: staging.commit, jobs: [] },
    },
  );
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1366, 850],
    [360, 740],
  ] as const) {
    test(`${colorScheme} at ${width} px`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      for (const path of ['/', '/no/such/page']) {
        await page.goto(path);
        if (path === '/')
          await expect(page.getByText('Rolled back').first()).toBeVisible({ timeout: 20_000 });
        const name = `${path === '/' ? 'board' : 'not-found'}.png`;
        await page.screenshot({ path: info.outputPath(name), fullPage: true });
        // Evaluated by the debugger, which the content security policy does not bind.
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(
          (values) => window.axe.run({ runOnly: { type: 'tag', values } }),
          RULES,
        );
        expect(
          violations.map(({ id, nodes }) => ({ id, at: nodes.map((node) => node.target) })),
        ).toEqual([]);
      }
    });
  }
}
