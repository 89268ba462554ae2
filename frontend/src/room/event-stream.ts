// Server-sent events as their text comes in, piece by piece (WHATWG HTML, 9.2.6): as much as our own server sends.

export interface ServerEvent {
  /** "message" where the server named none. */
  event: string;
  data: string[];
}

export class EventStream {
  #rest = "";
  #event = "message";
  #data: string[] = [];

  /** The events that end in this piece of text. */
  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#end();
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "event") this.#event = value ?? "";
    if (name === "data") this.#data.push(value ?? "");
    return [];
  }

  #end(): ServerEvent[] {
    const ended = { event: this.#event, data: this.#data };
    this.#event = "message";
    this.#data = [];
    return ended.data.length > 0 ? [ended] : [];
  }
}
