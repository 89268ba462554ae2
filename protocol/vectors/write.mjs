// Writes the vectors with yjs, lib0, y-protocols and cborg themselves, so that they know nothing of our codecs.
//
//     npm install --prefix DIR yjs@13.6.33 lib0@0.2.120 y-protocols@1.0.7 cborg@6.1.5
//     node protocol/vectors/write.mjs DIR
//
// The same packages give the same bytes: chance is seeded, client ids and times are fixed.

for (const part of ["primitives", "frames", "sessions", "values", "envelope"]) await import(`./writer/${part}.mjs`);
