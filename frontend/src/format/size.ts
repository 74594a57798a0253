const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** A size in decimal units (1 MB is 10^6 bytes), the unit in which the pipeline limits image sizes. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    // From here on, rounding would show 1000.
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(value < 99.95 ? 1 : 0)} ${unit}`;
}
