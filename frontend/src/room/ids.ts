// Names that nobody else makes: of a page's connection, of a run. Not secrets.

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
/** 36^20 is 10^31: no two meet. */
const LENGTH = 20;

export function newId(random: () => number): string {
  return Array.from({ length: LENGTH }, () => ALPHABET.charAt(Math.floor(random() * ALPHABET.length))).join(
    "",
  );
}
