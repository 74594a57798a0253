import type { Plugin } from 'vite';

/**
 * Lets the browser paint only after the script has run. The script sets the remembered colour scheme, and no
 * inline script may do that: without this, a dark page would start with a white flash.
 */
export function renderBlocking(): Plugin {
  return {
    name: 'portbook-render-blocking',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) =>
        html.replace('<script type="module"', '<script type="module" blocking="render"'),
    },
  };
}
