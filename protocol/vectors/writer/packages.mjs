// The packages that write the vectors, from the folder given on the command line, and how a file is saved.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const packages = process.argv[2];
if (packages === undefined) throw new Error("usage: node write.mjs DIR (a folder with the npm packages)");
export const require = createRequire(`${resolve(packages)}/package.json`);

export const Y = require("yjs");
export const encoding = require("lib0/encoding");
export const sync = require("y-protocols/sync");
export const auth = require("y-protocols/auth");
export const awareness = require("y-protocols/awareness");
export const cborg = await import(pathToFileURL(resolve(packages, "node_modules/cborg/cborg.js")));

export const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Runs a lib0 encoder function and gives the bytes it wrote. */
export function written(write) {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
}

/** Writes one file: an object with one case a line, so that a change reads well in a diff. */
export function save(name, from, lists) {
  const parts = Object.entries(lists).map(
    ([key, cases]) => `  ${JSON.stringify(key)}: [\n${cases.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`,
  );
  const text = `{\n  "from": ${JSON.stringify(from)},\n${parts.join(",\n")}\n}\n`;
  writeFileSync(new URL(`../${name}.json`, import.meta.url), text);
}
