// The limits of the protocol that a client must keep, the same as the server's.

export const KIB = 1024;

/** Bytes of an entry's body. */
export const BODY = 8 * KIB * KIB;

/** Bytes of entries that came packed, unpacked. */
export const PACKED = KIB * KIB;

/** Bytes of one edit; a larger paste is refused before it enters the document. */
export const UPDATE = 256 * KIB;

/** UTF-8 bytes of text in one edit: what is left of UPDATE when the update's own framing is taken off. */
export const PASTE = UPDATE - KIB;

/** UTF-8 bytes of the code of one run. */
export const CODE = 256 * KIB;

/** Files in a room, the deleted ones not counted. */
export const FILES = 50;

/** Bytes of one data file, and of all data files of a room. */
export const DATA_FILE = 16 * KIB * KIB;
export const DATA_ROOM = 64 * KIB * KIB;

/** Outputs that a run shows; what comes after them is counted as dropped. */
export const OUTPUTS = 1_000;

// Lengths of text, in Unicode code points.
export const CHAT = 4_000;
export const PATH = 200;
export const TITLE = 200;
export const NAME = 60;
export const INPUT = 64 * KIB;
