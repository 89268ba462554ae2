// Canonical CBOR, the one form the log and the wire use: each value has exactly one encoding, and decoding is strict.

export type Cbor = null | boolean | number | string | Uint8Array | Cbor[] | CborMap;
export interface CborMap {
  [key: string]: Cbor;
}
