const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Beyond this an age says less than a date. */
const DATE_AFTER = 60 * DAY;

const date = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZone: 'UTC',
});

/** How long ago `then` is. A time that lies ahead, because two clocks differ, is said as such. */
export function age(then: number, now: number): string {
  const distance = Math.abs(now - then);
  if (distance < 45 * SECOND) return 'just now';
  if (distance >= DATE_AFTER) return date.format(then);
  const span = duration(distance);
  return then <= now ? `${span} ago` : `in ${span}`;
}

/** A span of time in its largest fitting unit, rounded down except for the first minute. */
export function duration(milliseconds: number): string {
  if (milliseconds < 45 * SECOND) return `${Math.max(1, Math.floor(milliseconds / SECOND))} s`;
  if (milliseconds < HOUR) return `${Math.max(1, Math.floor(milliseconds / MINUTE))} min`;
  if (milliseconds < DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  const days = Math.floor(milliseconds / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** An instant in full, such as `2 January 2026 at 03:04:05 UTC`. */
export function fullTime(instant: number): string {
  return `${moment.format(instant)} UTC`;
}
