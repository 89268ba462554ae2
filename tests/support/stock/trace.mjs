// A real editing trace: its transactions, and how each is typed into a Yjs text.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const SURROGATE = /[\ud800-\udfff]/;

export function readTrace(path) {
  return JSON.parse(gunzipSync(readFileSync(path)));
}

/** Types transactions one after the other; traces count code points, Yjs counts UTF-16 units. */
export class Typist {
  #wide = false; // whether a code point of two units was typed by anybody: before that, both count alike

  type(client, file, { patches }) {
    const text = client.text(file);
    client.doc.transact(() => {
      for (const [at, deleted, inserted] of patches) {
        const start = this.#units(text, at);
        if (deleted > 0) text.delete(start, this.#units(text, at + deleted) - start);
        if (inserted !== "") text.insert(start, inserted);
        this.#wide ||= SURROGATE.test(inserted);
      }
    });
  }

  #units(text, points) {
    if (!this.#wide) return points;
    const now = text.toString();
    let at = 0;
    for (let left = points; left > 0; left--) at += now.codePointAt(at) > 0xffff ? 2 : 1;
    return at;
  }
}

/**
 * For each transaction of a concurrent trace, the last one of other authors that its author had seen (-1: none).
 * Throws unless what each author had seen was always a beginning of the trace: then one server's order explains it.
 */
export function seenByAuthors({ numAgents, txns }) {
  const seen = []; // how many transactions of each author lie before this one, itself included
  const written = Array.from({ length: numAgents }, () => []);
  return txns.map(({ parents, agent }, index) => {
    const counts = written.map((_, author) => Math.max(0, ...parents.map((parent) => seen[parent][author])));
    const others = written.map((own, author) => (author === agent ? -1 : (own[counts[author] - 1] ?? -1)));
    const last = Math.max(...others);
    written.forEach((own, author) => {
      if (author !== agent && own[counts[author]] < last) throw new Error(`transaction ${index} saw a hole`);
    });
    if (counts[agent] !== written[agent].length) throw new Error(`transaction ${index} forgot its author's own`);
    written[agent].push(index);
    seen.push(counts.map((count, author) => (author === agent ? count + 1 : count)));
    return last;
  });
}
