/** Bundles the campaign's tab, the client core with it, into one module for Node. */
import { defineConfig } from "vite";

export default defineConfig({
  logLevel: "warn",
  build: {
    ssr: "tests/chaos/actor.ts",
    outDir: "node_modules/.cache/chaos",
    emptyOutDir: true,
    target: "node22",
    minify: false,
    rolldownOptions: { output: { entryFileNames: "actor.mjs" } },
  },
  ssr: { noExternal: true },
});
