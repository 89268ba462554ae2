/** What a person can do with files that code wrote and with data files, each with its refusal told in words. */
import { signal } from "@preact/signals";
import { DATA_FILE, DATA_ROOM } from "../../../../protocol/ts/limits";
import { ApiError } from "../../room/api";
import { FolderApi, type Shelf } from "../../room/folder-api";
import { bytes } from "../clock";
import { confirm } from "../parts/confirm";
import { notify } from "../parts/notices";
import { save } from "../parts/save";
import type { Desk } from "./desk";

/** A file of the folder by where it stands; shown in the viewer. */
export interface Shelved {
  shelf: Shelf;
  path: string;
  size: number;
}

/** A file on its way to the server; `refused` says why it did not get there. */
export interface Upload {
  id: number;
  path: string;
  part: number;
  refused: string | null;
}

export const viewed = signal<Shelved | null>(null);
export const uploads = signal<readonly Upload[]>([]);
let next = 1;

export function folderOf({ model }: Desk): FolderApi {
  return new FolderApi(model.room, () => model.client.token);
}

export function words(problem: unknown): string {
  return problem instanceof ApiError ? problem.message : String(problem);
}

export async function download(desk: Desk, { shelf, path }: Shelved): Promise<void> {
  try {
    save(await folderOf(desk).read(shelf, path), path);
  } catch (problem) {
    notify(`${path} was not downloaded: ${words(problem)}`, "warning");
  }
}

export async function take(desk: Desk, path: string): Promise<void> {
  const known = desk.model.files.find((file) => !file.deleted && file.path === path);
  if (known !== undefined) {
    const text = "Everyone sees the change as an edit of yours, and can undo it.";
    if (!(await confirm(`Replace the text of ${path} with what code wrote?`, text, "Replace"))) return;
  }
  try {
    await folderOf(desk).take(path);
    notify(`${path} is a file of the room now.`, "good");
  } catch (problem) {
    notify(`${path} was not taken into the room: ${words(problem)}`, "warning");
  }
}

export async function removeData(desk: Desk, path: string): Promise<void> {
  const text = "The room's code no longer finds it from the next run on. The recording keeps its name.";
  if (!(await confirm(`Remove ${path}?`, text, "Remove"))) return;
  try {
    await folderOf(desk).remove(path);
  } catch (problem) {
    notify(`${path} was not removed: ${words(problem)}`, "warning");
  }
}

/** One after the other, so that the first is there soonest. */
export async function upload(desk: Desk, files: Iterable<File>): Promise<void> {
  const waiting = [...files].map((file) => ({ file, id: begin(file.name) }));
  for (const { file, id } of waiting) {
    try {
      check(desk, file);
      await folderOf(desk).upload(file.name, file, (part) => change(id, { part }));
      uploads.value = uploads.value.filter((one) => one.id !== id);
    } catch (problem) {
      change(id, { refused: words(problem) });
    }
  }
}

export function dismissUpload(id: number): void {
  uploads.value = uploads.value.filter((one) => one.id !== id);
}

function begin(path: string): number {
  const id = next++;
  uploads.value = [...uploads.value, { id, path, part: 0, refused: null }];
  return id;
}

function change(id: number, by: Partial<Upload>): void {
  uploads.value = uploads.value.map((one) => (one.id === id ? { ...one, ...by } : one));
}

/** The server has the last word; but nobody should wait for an upload that it will refuse. */
function check(desk: Desk, file: File): void {
  if (file.size > DATA_FILE)
    throw refusal(`It has ${bytes(file.size)}; a data file has at most ${bytes(DATA_FILE)}.`);
  const others = [...desk.model.data.values()].filter(({ path }) => path !== file.name);
  const sum = others.reduce((total, { size }) => total + size, file.size);
  if (sum > DATA_ROOM)
    throw refusal(`The data files of a room have at most ${bytes(DATA_ROOM)} together. Remove one first.`);
}

function refusal(detail: string): ApiError {
  return new ApiError({ type: "about:blank", title: "Too large", status: 413, detail });
}
