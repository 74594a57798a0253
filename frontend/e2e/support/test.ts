import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { Ledger } from './ledger';

interface Fixtures {
  /** Fails the test on whatever goes wrong in the browser, even where every assertion holds. */
  guard: undefined;
  ledger: Ledger;
}

export const test = base.extend<Fixtures>({
  guard: [
    async ({ context, page }, use) => {
      const troubles: string[] = [];
      watchPage(page, troubles);
      await watchPolicy(context, troubles);
      await use(undefined);
      expect(troubles, 'what went wrong in the browser').toEqual([]);
    },
    { auto: true },
  ],
  ledger: async ({ request }, use) => {
    await use(new Ledger(request));
  },
});

export { expect };

function watchPage(page: Page, troubles: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console error: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    troubles.push(`page error: ${error.message}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'no reason given';
    // A poll that is under way when the page is left is aborted by the browser.
    const left = reason === 'net::ERR_ABORTED' && new URL(request.url()).pathname === '/v1/board';
    if (!left) troubles.push(`request failed: ${request.url()}: ${reason}`);
  });
}

async function watchPolicy(context: BrowserContext, troubles: string[]): Promise<void> {
  await context.exposeFunction('portbookPolicyViolation', (violation: string) => {
    troubles.push(`content security policy: ${violation}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      const page = window as unknown as { portbookPolicyViolation: (violation: string) => void };
      page.portbookPolicyViolation(`${violatedDirective} blocked ${blockedURI}`);
    });
  });
}
