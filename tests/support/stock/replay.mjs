// What the replay page makes of a timeline, run in Node: rows as JSON on stdin, the texts of a file on stdout.

import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Y } from "./packages.mjs";

const FRONTEND = new URL("../../../frontend/", import.meta.url);
const { createServer } = await import(new URL("node_modules/vite/dist/node/index.js", FRONTEND));

const file = process.argv[2];
const rows = JSON.parse(await text(process.stdin));
const vite = await createServer({
  root: fileURLToPath(FRONTEND),
  configFile: false,
  appType: "custom",
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const load = (name) => vite.ssrLoadModule(`/src/replay/${name}.ts`);
const [{ entryOf }, { buildRecording }, { Fold, spliced, splicesBetween }] = await Promise.all(
  ["loader", "recording", "fold"].map(load),
);

const entries = rows.map(entryOf);
const recording = buildRecording(entries);
const { length } = recording.steps;
const doc = new Y.Doc();
for (const { kind, body } of entries) if (kind === "edit") Y.applyUpdate(doc, body.update);

const texts = {
  yjs: doc.getText(file).toString(),
  "last moment": new Fold(recording).momentAfter(length).texts.get(file),
  "every step": splicesBetween(recording, file, 0, length).reduce(spliced, ""),
};
await vite.close();
process.stdout.write(JSON.stringify(texts), () => process.exit(0));
