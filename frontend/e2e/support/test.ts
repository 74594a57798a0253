import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { Ledger } from './ledger';

interface Fixtures {
  /** Fails the test on whatever goes wrong in the browser, even where every assertion holds. */
  guard: Guard;
  ledger: Ledger;
}

/** What went wrong in the browser so far. */
class Guard {
  troubles: string[] = [];

  report(trouble: string): void {
    this.troubles.push(trouble);
  }

  /** Waits for a trouble that the test provoked, and forgives it and what it brought along. */
  async expectTrouble(start: string): Promise<void> {
    await expect.poll(() => this.troubles.filter((each) => each.startsWith(start))).toHaveLength(1);
    this.troubles = [];
  }
}

export const test = base.extend<Fixtures>({
  guard: [
    async ({ context, page }, use) => {
      const guard = new Guard();
      watchPage(page, guard);
      await watchPolicy(context, guard);
      await use(guard);
      expect(guard.troubles, 'what went wrong in the browser').toEqual([]);
    },
    { auto: true },
  ],
  ledger: async ({ baseURL }, use) => {
    await use(new Ledger(baseURL));
  },
});

export { expect };

function watchPage(page: Page, guard: Guard): void {
  page.on('console', (message) => {
    if (message.type() === 'error') guard.report(`console error: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    guard.report(`page error: ${error.message}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) guard.report(`status ${response.status()}: ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'no reason given';
    // A poll that is under way when the page is left is aborted by the browser.
    const left = reason === 'net::ERR_ABORTED' && new URL(request.url()).pathname === '/v1/board';
    if (!left) guard.report(`request failed: ${request.url()}: ${reason}`);
  });
}

async function watchPolicy(context: BrowserContext, guard: Guard): Promise<void> {
  await context.exposeFunction('portbookPolicyViolation', (violation: string) => {
    guard.report(`content security policy: ${violation}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      const page = window as unknown as { portbookPolicyViolation: (violation: string) => void };
      page.portbookPolicyViolation(`${violatedDirective} blocked ${blockedURI}`);
    });
  });
}
