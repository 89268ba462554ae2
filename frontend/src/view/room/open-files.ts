/** Which files stand open in the editor and which one is shown; a deleted file stays until its reader closes it. */
import { signal } from "@preact/signals";
import type { FileState } from "../../room/state";

export class OpenFiles {
  /** Root names, in the order of the tabs. */
  readonly open = signal<readonly string[]>([]);
  readonly active = signal<string | null>(null);

  show(file: string): void {
    if (!this.open.value.includes(file)) this.open.value = [...this.open.value, file];
    this.active.value = file;
  }

  close(file: string): void {
    const at = this.open.value.indexOf(file);
    if (at < 0) return;
    this.open.value = this.open.value.filter((other) => other !== file);
    if (this.active.value !== file) return;
    this.active.value = this.open.value[Math.min(at, this.open.value.length - 1)] ?? null;
  }

  /** Opens the room's first file where nothing is open, and drops names that the room never had. */
  settle(files: readonly FileState[]): void {
    const known = this.open.value.filter((name) => files.some((file) => file.file === name));
    if (known.length !== this.open.value.length) this.open.value = known;
    if (this.active.value !== null && known.includes(this.active.value)) return;
    const first = files.find((file) => !file.deleted);
    if (known[0] !== undefined) this.active.value = known[0];
    else if (first !== undefined && this.open.value.length === 0 && !this.#closedAll) this.show(first.file);
  }

  /** True once the reader has closed the last tab: then nothing opens by itself. */
  #closedAll = false;

  closeByHand(file: string): void {
    this.close(file);
    this.#closedAll = this.open.value.length === 0;
  }
}
