import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export type Route = 'board' | 'not-found';

export function routeOf(path: string): Route {
  return path === '/' ? 'board' : 'not-found';
}

/** The route of the present address; follows the browser's back and forward. */
export function useRoute(): Route {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = () => {
      setPath(location.pathname);
    };
    addEventListener('popstate', follow);
    return () => {
      removeEventListener('popstate', follow);
    };
  }, []);
  return routeOf(path);
}

interface LinkProps {
  href: string;
  class?: string;
  children: ComponentChildren;
}

/** A link within the application: an ordinary one, but without loading the page anew. */
export function Link({ href, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    const meansNewTab = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (meansNewTab || event.button !== 0) return;
    event.preventDefault();
    if (href !== location.pathname) history.pushState(null, '', href);
    dispatchEvent(new PopStateEvent('popstate'));
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
