// The frames of both dialects and awareness payloads against the shared vectors.

import { describe, expect, test } from "vitest";
import { decodeAwareness, encodeAwareness } from "../../../protocol/ts/awareness";
import { type Cbor, decodeMap, encode, isMap } from "../../../protocol/ts/cbor";
import {
  decodeFrame,
  decodeServer,
  encodeClient,
  encodeFrame,
  type Hello,
} from "../../../protocol/ts/envelope";
import { ProtocolError, TooLarge } from "../../../protocol/ts/errors";
import { decodeStock, encodeStock, type StockFrame } from "../../../protocol/ts/sync";
import { bytesOf, fromJson, hexOf, type Refused, vectors } from "./vectors";

describe("frames of stock clients", () => {
  interface Frame {
    name: string;
    type: string;
    hex: string;
    vector?: Record<string, number>;
    update?: string;
    payload?: string;
    reason?: string;
  }
  const sync = vectors<{ frames: Frame[]; refused: Refused[] }>("sync");

  function frameOf({ type, vector = {}, update = "", payload = "", reason = "" }: Frame): StockFrame {
    switch (type) {
      case "step1":
        return { type, vector: new Map(Object.entries(vector).map(([id, clock]) => [Number(id), clock])) };
      case "step2":
      case "update":
        return { type, update: bytesOf(update) };
      case "awareness":
        return { type, payload: bytesOf(payload) };
      case "permission_denied":
        return { type: "denied", reason };
      default:
        return { type: "query-awareness" };
    }
  }

  test.each(sync.frames)("$name", (vector) => {
    const frame = frameOf(vector);
    expect(decodeStock(bytesOf(vector.hex))).toEqual(frame);
    expect(hexOf(encodeStock(frame))).toBe(vector.hex);
  });

  test.each(sync.refused)("refused: $why", ({ hex }) => {
    expect(() => decodeStock(bytesOf(hex))).toThrow(ProtocolError);
  });
});

describe("awareness", () => {
  interface Payload {
    name: string;
    payload: string;
    states: { client: number; clock: number; text: string | null }[];
  }
  const awareness = vectors<{ payloads: Payload[]; refused: { payload: string; why: string }[] }>(
    "awareness",
  );

  test.each(awareness.payloads)("$name", ({ payload, states }) => {
    const wanted = states.map(({ client, clock, text }) => ({
      client,
      clock,
      state: text === null ? null : JSON.parse(text),
    }));
    expect(decodeAwareness(bytesOf(payload))).toEqual(wanted);
    expect(hexOf(encodeAwareness(wanted))).toBe(payload);
  });

  test.each(awareness.refused)("refused: $why", ({ payload }) => {
    expect(() => decodeAwareness(bytesOf(payload))).toThrow(ProtocolError);
  });
});

describe("the envelope", () => {
  const FROM_CLIENT = ["HELLO", "OP"];
  const HELLO = 1;
  const OP = 5;
  const TOKEN = 9;
  interface Frame {
    name: string;
    type: number;
    value: unknown;
    hex: string;
  }
  const envelope = vectors<{
    frames: Frame[];
    packed: { name: string; entries: string; hex: string }[];
    refused: Refused[];
    bodies: { bytes: number; taken: boolean }[];
  }>("envelope");

  test.each(envelope.frames)("$name $hex", ({ type, value, hex }) => {
    expect(decodeFrame(bytesOf(hex))).toEqual({ type, value: fromJson(value) });
    expect(hexOf(encodeFrame(type, fromJson(value) as Cbor))).toBe(hex);
  });

  const toClient = envelope.frames.filter(({ name, value }) => {
    return !FROM_CLIENT.includes(name) && JSON.stringify(value) !== "{}";
  });

  test.each(toClient)("$name is read by a client", ({ hex }) => {
    expect(decodeServer(bytesOf(hex)).type).toMatch(
      /welcome|entries|ack|refused|ping|pong|token|state|goaway/,
    );
  });

  test.each(envelope.packed)("packed entries: $name", ({ entries, hex }) => {
    expect(decodeServer(bytesOf(hex))).toEqual(decodeServer(bytesOf(entries)));
  });

  test.each(envelope.bodies)("an entry of $bytes bytes: $taken", ({ bytes, taken }) => {
    const ENTRY = 3;
    const body = encode({ text: "x".repeat(bytes - 11) });
    expect(body.length).toBe(bytes);
    const frame = encodeFrame(ENTRY, [["room", 7, 1_763_886_000_000_000, "p-1", "run.outputs", body]]);
    if (taken) expect(decodeServer(frame)).toMatchObject({ entries: [{ seq: 7, kind: "run.outputs" }] });
    else expect(() => decodeServer(frame)).toThrow(TooLarge);
  });

  test.each(envelope.refused)("refused: $why", ({ hex }) => {
    const bytes = bytesOf(hex);
    expect(() => decodeServer(bytes)).toThrow(ProtocolError);
  });

  test("a client says what the vectors say", () => {
    for (const { type, value, hex } of envelope.frames) {
      const said = fromJson(value) as Cbor;
      if (type === HELLO && isMap(said)) {
        const { version: _, ...hello } = said;
        expect(hexOf(encodeClient({ type: "hello", ...hello } as unknown as Hello))).toBe(hex);
      }
      if (type === OP && Array.isArray(said)) {
        const [pseq, kind, body] = said as [number, string, Uint8Array];
        const again = encode(decodeMap(body));
        expect(hexOf(encodeClient({ type: "op", pseq, kind, body: again }))).toBe(hex);
      }
      if (type === TOKEN && hex.endsWith("a0")) expect(hexOf(encodeClient({ type: "renew" }))).toBe(hex);
    }
  });
});
