/** What this page knows secretly: the host's admin key, held in memory and gone with the page. */
import { signal } from "@preact/signals";
import { Api } from "../room/api";

export const adminKey = signal<string | null>(null);

/** Calls as the host; the key is read at each call. */
export const hostApi = new Api({ token: () => adminKey.value });
