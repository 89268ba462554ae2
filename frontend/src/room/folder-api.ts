// Calls about files whose bytes the page does not hold: what code wrote into its folder, and the room's data files.

import { ApiError, problemOf, roomPath, UNREACHABLE } from "./api";

/** Two shelves of one folder: what code wrote, and what an interviewer uploaded. */
export type Shelf = "written" | "data";

const PLACES: Record<Shelf, string> = { written: "kernel/files", data: "data" };

export class FolderApi {
  readonly #room: string;
  readonly #token: () => string;

  constructor(room: string, token: () => string) {
    this.#room = room;
    this.#token = token;
  }

  /** The whole file, with the type that the server vouches for. */
  async read(shelf: Shelf, path: string): Promise<Blob> {
    return (await this.#fetch("GET", this.#address(shelf, path))).blob();
  }

  /** A text that code wrote becomes a file of the room, or an edit of the one of that name. */
  async take(path: string): Promise<void> {
    await this.#fetch("POST", `${this.#address("written", path)}/take`);
  }

  async remove(path: string): Promise<void> {
    await this.#fetch("DELETE", this.#address("data", path));
  }

  /** `progress` hears of the part that has been sent, from 0 to 1. */
  upload(path: string, file: Blob, progress: (part: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of what it has sent
      request.open("PUT", this.#address("data", path));
      request.setRequestHeader("Authorization", `Bearer ${this.#token()}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = ({ loaded, total }) => progress(total === 0 ? 0 : loaded / total);
      request.onerror = () => reject(new ApiError(UNREACHABLE));
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve();
        else reject(new ApiError(problemOf(request.status, request.responseText)));
      };
      request.send(file);
    });
  }

  async #fetch(method: string, address: string): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.#token()}` };
    let response: Response;
    try {
      response = await fetch(address, { method, headers, credentials: "omit", cache: "no-store" });
    } catch {
      throw new ApiError(UNREACHABLE);
    }
    if (!response.ok) throw new ApiError(problemOf(response.status, await response.text()));
    return response;
  }

  #address(shelf: Shelf, path: string): string {
    const segments = path.split("/").map(encodeURIComponent).join("/");
    return `${roomPath(this.#room)}/${PLACES[shelf]}/${segments}`;
  }
}
