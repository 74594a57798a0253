import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MACOS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The browser to test with: `PORTBOOK_CHROMIUM`, or else one that is installed. Undefined when there is none;
 * Playwright then looks for the one that it may have installed itself.
 */
export function findChromium(): string | undefined {
  const given = process.env.PORTBOOK_CHROMIUM;
  if (given !== undefined && given !== '') {
    if (!isExecutable(given)) {
      throw new Error(`PORTBOOK_CHROMIUM is ${given}: expected the path of an executable browser.`);
    }
    return given;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...MACOS].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
