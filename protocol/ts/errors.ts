// What a frame or a value can be refused for, each with the close code that tells the other end.

/** Malformed 4400 · NotAdmitted 4422 · TooLarge 4413 are the ones a client can meet in what it reads. */
export class ProtocolError extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, reason: string) {
    super(reason);
    this.name = "ProtocolError";
    this.closeCode = closeCode;
  }
}

export class Malformed extends ProtocolError {
  constructor(reason: string) {
    super(4400, reason);
    this.name = "Malformed";
  }
}

export class TooLarge extends ProtocolError {
  constructor(reason: string) {
    super(4413, reason);
    this.name = "TooLarge";
  }
}
