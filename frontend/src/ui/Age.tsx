import { age, fullTime } from '../format/age';
import { useNow } from './clock';

/** How long ago an instant was, with the instant itself as its title. */
export function Age({ at }: { at: string }) {
  const now = useNow();
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return <span>at an unknown time</span>;
  // What was read after the clock last ticked lies a few seconds ahead of it.
  const read = Math.max(now, Math.min(instant, Date.now()));
  return (
    <time dateTime={at} title={fullTime(instant)}>
      {age(instant, read)}
    </time>
  );
}
