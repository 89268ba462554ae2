/** Small wishes kept between visits (theme, panel sizes); where storage throws they live as long as the page. */

const memory = new Map<string, string>();

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`fourhands.${key}`);
  } catch {
    return memory.get(key) ?? null;
  }
}

export function remember(key: string, value: string): void {
  memory.set(key, value);
  try {
    localStorage.setItem(`fourhands.${key}`, value);
  } catch {
    // Blocked or full: the copy in memory serves until the page is left.
  }
}
