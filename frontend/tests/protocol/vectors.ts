// Reads the shared vectors: JSON in which bytes and large integers are spelt out.

import { readFileSync } from "node:fs";
import type { Cbor } from "../../../protocol/ts/cbor";

export function vectors<T>(name: string): T {
  const path = new URL(`../../../protocol/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf-8")) as T;
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The value as our codec holds it, or null where it has an integer that JavaScript cannot hold. */
export function fromJson(json: unknown): Cbor | undefined {
  if (Array.isArray(json)) return json.map((item) => fromJson(item) as Cbor);
  if (typeof json !== "object" || json === null) return json as Cbor;
  if ("$bytes" in json) return bytesOf(json.$bytes as string);
  if ("$int" in json) return undefined;
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, fromJson(item) as Cbor]));
}

export interface Refused {
  hex: string;
  why: string;
}
