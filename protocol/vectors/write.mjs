// Writes the vectors with yjs, lib0, y-protocols, cborg and Hocuspocus themselves, so that they know nothing of our codecs.
//
//     npm install --prefix DIR yjs@13.6.33 lib0@0.2.120 y-protocols@1.0.7 cborg@6.1.5 \
//         hocuspocus-3@npm:@hocuspocus/provider@3.4.4 hocuspocus-4@npm:@hocuspocus/provider@4.8.0 @hocuspocus/server@4.7.0
//     node protocol/vectors/write.mjs DIR
//
// The same packages give the same bytes: chance is seeded, client ids and times are fixed.

const parts = ["primitives", "frames", "sessions", "values", "envelope", "hocuspocus"];
for (const part of parts) await import(`./writer/${part}.mjs`);
