import { existsSync } from 'node:fs';
import { defineConfig, type ReporterDescription } from '@playwright/test';
import { findChromium } from './e2e/support/chromium';

const baseURL = process.env.PORTBOOK_E2E_URL;
if (baseURL === undefined || baseURL === '') {
  throw new Error(
    'PORTBOOK_E2E_URL is not set: expected the address of a running Portbook server, such as ' +
      'http://127.0.0.1:8080. `cargo xtask smoke --e2e` boots one and sets it.',
  );
}

const junit = process.env.PORTBOOK_E2E_JUNIT;
const reporters: ReporterDescription[] = [['list']];
if (junit !== undefined && junit !== '') reporters.push(['junit', { outputFile: junit }]);

const chromium = findChromium();
const inContainer = existsSync('/.dockerenv') || existsSync('/run/.containerenv');
// Chromium's sandbox needs user namespaces, which root and most containers on CI do not have.
const sandbox = process.getuid?.() !== 0 && !(process.env.CI !== undefined && inContainer);

export default defineConfig({
  testDir: 'e2e',
  outputDir: process.env.PORTBOOK_E2E_OUTPUT ?? 'test-results',
  reporter: reporters,
  // A test that passes only at the second try is not a gate.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  fullyParallel: true,
  timeout: 60_000,
  use: {
    baseURL,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      chromiumSandbox: sandbox,
      args: [
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-quic',
      ],
    },
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
});
