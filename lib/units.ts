// Bytes and times as people read them.

/** A number of bytes in three digits: '2.20 GB'. */
export function formatSize(bytes: number): string {
  const power = bytes < 1e3 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  if (power === 0) return `${bytes} bytes`;
  return `${(bytes / 1000 ** power).toPrecision(3)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

/** A time in two digits, in the unit that fits. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${+seconds.toPrecision(2)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
