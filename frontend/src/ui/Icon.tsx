const PATHS = {
  check: 'M3 8.5 6.5 12 13 4.5',
  undo: 'M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 8H6',
  cross: 'm4 4 8 8m0-8-8 8',
  warning: 'M8 2 1.5 13.5h13L8 2Zm0 4.5v3.2m0 1.9v.4',
  stop: 'M4.5 4.5h7v7h-7z',
  skip: 'm3 4 5 4-5 4V4Zm9 0v8',
  question: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.4 8.6 8 9 8 10m0 2.3v.4',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
  system: 'M2 3h12v8H2zm4 11h4m-2-3v3',
  light:
    'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6Zm0-4v1.5m0 11V15M1 8h1.5m11 0H15M3 3l1.1 1.1m7.8 7.8L13 13m0-10-1.1 1.1M4.1 11.9 3 13',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing that goes with a word; it says nothing that the word does not. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
