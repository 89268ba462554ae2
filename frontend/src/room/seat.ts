// Remembers over a reload who this tab was: the resume text alone, never a token, and only where storage works.

function key(room: string): string {
  return `fourhands.resume.${room}`;
}

/** Storage may throw in embedded pages and strict browsers: then a reload is a new person, no worse. */
function tried<T>(use: () => T): T | null {
  try {
    return use();
  } catch {
    return null;
  }
}

export function recallSeat(room: string): string | null {
  return tried(() => sessionStorage.getItem(key(room)));
}

export function keepSeat(room: string, resume: string): void {
  tried(() => sessionStorage.setItem(key(room), resume));
}

export function forgetSeat(room: string): void {
  tried(() => sessionStorage.removeItem(key(room)));
}
