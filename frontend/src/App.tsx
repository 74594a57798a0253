import { useEffect, useRef } from 'preact/hooks';
import { BoardPage } from './board/BoardPage';
import { NotFound } from './NotFound';
import { Link, useRoute } from './router';
import { ThemeToggle } from './theme/ThemeToggle';
import { LiveRegion } from './ui/announcer';

const TITLES = { board: 'Board · Portbook', 'not-found': 'No such page · Portbook' };

export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(route);
  useEffect(() => {
    document.title = TITLES[route];
    // After a change of page, keyboard and screen reader start at its content, as after a load.
    if (shown.current !== route) main.current?.focus();
    shown.current = route;
  }, [route]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="masthead">
        <Link href="/" class="wordmark">
          Portbook
        </Link>
        <p class="motto">the register of what came in, and where it went</p>
        <ThemeToggle />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {route === 'board' ? <BoardPage /> : <NotFound />}
      </main>
      <footer class="foot">
        <a href="/openapi.json">API description</a>
      </footer>
      <LiveRegion />
    </>
  );
}
