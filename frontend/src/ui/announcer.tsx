import { useEffect, useState } from 'preact/hooks';

/** A text that stays would be read again by somebody who wanders through the page. */
const FORGET_AFTER = 10_000;

type Listener = (text: string) => void;
const listeners = new Set<Listener>();

/** Says `text` to people who use a screen reader, once the voice is free. */
export function announce(text: string): void {
  for (const listener of listeners) listener(text);
}

/** The page's one live region: it must be there before the first announcement. */
export function LiveRegion() {
  const [text, setText] = useState('');
  useEffect(() => {
    listeners.add(setText);
    return () => {
      listeners.delete(setText);
    };
  }, []);
  useEffect(() => {
    if (text === '') return undefined;
    const timer = setTimeout(() => {
      setText('');
    }, FORGET_AFTER);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <div role="status" aria-live="polite" class="visually-hidden" data-testid="announcer">
      {text}
    </div>
  );
}
