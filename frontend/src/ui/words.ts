/** Numbers as the package writes them (minenetcd/display/words.py). */

/** About three digits, thousands grouped: 0.012, 1.20, 12,345. */
export function number(value: number): string {
  const decimals = value >= 1000 || value === 0 ? 0 : value >= 100 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** 1 site, 2,000 sites. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Of 0 to 1: 0.87; null: not known. */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? "not known" : value.toFixed(2);
}
