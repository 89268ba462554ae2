/** What lay in the kernel's folder at the moment shown, besides the room's own files. */
import { useComputed, useSignal } from "@preact/signals";
import { ApiError } from "../../room/api";
import type { DataFile } from "../../room/state";
import { bytes, plural } from "../clock";
import { FilePath } from "../parts/file-path";
import { Icon } from "../parts/icon";
import { save } from "../parts/save";
import type { ReplayModel } from "./model";

/** The bytes of a data file as the room has them today. */
export type ReadData = (path: string) => Promise<Blob>;

interface FilesProps {
  model: ReplayModel;
  /** Absent where there is no server to ask. */
  read: ReadData | null;
}

export function FilesThen({ model, read }: FilesProps) {
  const data = useComputed(() => model.state.data).value;
  const written = useComputed(() => model.state.written).value;
  const sorted = [...data.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (sorted.length === 0 && written.files.length === 0 && written.more === 0)
    return (
      <div class="empty">
        <Icon name="files" size={24} />
        <h3>No other files then</h3>
        <p>Data files and what code has written are listed here. The room's own files are with the code.</p>
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <div class="files-then scroll" tabIndex={0}>
      {sorted.length > 0 && (
        <section class="shelf" aria-label="Data files">
          <h3 class="shelf-title">Data</h3>
          <ul>
            {sorted.map((file) => (
              <DataRow key={file.path} file={file} last={model.last.data.get(file.path)} read={read} />
            ))}
          </ul>
        </section>
      )}
      {(written.files.length > 0 || written.more > 0) && (
        <section class="shelf" aria-label="Written by code">
          <h3 class="shelf-title">Written by code</h3>
          <p class="shelf-empty">Names and sizes are recorded; the files themselves go with their kernel.</p>
          <ul>
            {written.files.map(({ path, size }) => (
              <li key={path} class="file-row">
                <Named path={path} size={size} />
              </li>
            ))}
          </ul>
          {written.more > 0 && <p class="shelf-empty">and {plural(written.more, "more file")}, at least</p>}
        </section>
      )}
    </div>
  );
}

interface DataRowProps {
  file: DataFile;
  /** What has that name at the end of the record. */
  last: DataFile | undefined;
  read: ReadData | null;
}

function DataRow({ file, last, read }: DataRowProps) {
  const refused = useSignal<string | null>(null);
  const { path, size } = file;
  if (read === null || last?.sha256 !== file.sha256)
    return (
      <li class="file-row">
        <Named path={path} size={size} note={last === undefined ? "removed later" : later(file, last)} />
      </li>
    );
  const download = async () => {
    refused.value = null;
    try {
      save(await read(path), path);
    } catch (problem) {
      refused.value = problem instanceof ApiError ? problem.message : String(problem);
    }
  };
  return (
    <li>
      <div class="file-row">
        <button type="button" class="file-open" title="Download" onClick={() => void download()}>
          <Icon name="file" />
          <span class="hidden-text">Download </span>
          <FilePath path={path} />
          <span class="caption faint">{bytes(size)}</span>
          <Icon name="arrow-down" size={14} />
        </button>
      </div>
      {refused.value !== null && (
        <p class="shelf-empty" role="alert">
          {path} was not downloaded. {refused.value}
        </p>
      )}
    </li>
  );
}

function later(file: DataFile, last: DataFile): string | undefined {
  return last.sha256 === file.sha256 ? undefined : "replaced later";
}

function Named({ path, size, note }: { path: string; size: number; note?: string | undefined }) {
  return (
    <div class="file-open">
      <Icon name="file" />
      <FilePath path={path} />
      <span class="caption faint">{note === undefined ? bytes(size) : `${bytes(size)}, ${note}`}</span>
    </div>
  );
}
