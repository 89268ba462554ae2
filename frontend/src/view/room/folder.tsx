/** Below the files of the room: data files for its code, and what that code has written. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bytes, plural } from "../clock";
import { FilePath } from "../parts/file-path";
import { Icon } from "../parts/icon";
import { type Choice, Menu } from "../parts/menu";
import { type Desk, useDesk } from "./desk";
import {
  dismissUpload,
  download,
  removeData,
  type Shelved,
  take,
  type Upload,
  upload,
  uploads,
  viewed,
} from "./folder-deeds";

export function Folder() {
  const desk = useDesk();
  useEffect(() => {
    // A file that misses its place must not take the page away.
    const stay = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
    };
  }, []);
  useEffect(
    () => () => {
      uploads.value = [];
    },
    [desk],
  );
  return (
    <>
      <Data desk={desk} />
      <Written desk={desk} />
    </>
  );
}

function Written({ desk }: { desk: Desk }) {
  const { files, more } = desk.model.written;
  return (
    <section class="shelf" aria-label="Written by code">
      <h3 class="shelf-title">Written by code</h3>
      {files.length === 0 && more === 0 && (
        <p class="shelf-empty">Files that code writes appear here, and go when the kernel restarts.</p>
      )}
      <ul>
        {files.map(({ path, size }) => (
          <Row key={path} desk={desk} file={{ shelf: "written", path, size }} />
        ))}
      </ul>
      {more > 0 && <p class="shelf-empty">and {plural(more, "more file")}, at least</p>}
    </section>
  );
}

function Data({ desk }: { desk: Desk }) {
  const files = [...desk.model.data.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const may = desk.model.may("data.add");
  const over = useSignal(false);
  if (files.length === 0 && !may) return null;
  const drop = (event: DragEvent) => {
    over.value = false;
    if (!may || event.dataTransfer === null || event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    void upload(desk, event.dataTransfer.files);
  };
  return (
    <section
      class="shelf"
      aria-label="Data files"
      data-over={over.value}
      onDragOver={(event) => {
        if (!may || !event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={drop}
    >
      <header class="shelf-head">
        <h3 class="shelf-title grow">Data</h3>
        {may && <UploadButton desk={desk} />}
      </header>
      {files.length === 0 && uploads.value.length === 0 && (
        <p class="shelf-empty">Upload or drop a file: code opens it by its name.</p>
      )}
      <ul>
        {files.map(({ path, size }) => (
          <Row key={path} desk={desk} file={{ shelf: "data", path, size }} />
        ))}
        {uploads.value.map((one) => (
          <UploadRow key={one.id} one={one} />
        ))}
      </ul>
    </section>
  );
}

function UploadButton({ desk }: { desk: Desk }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button quiet square small"
        aria-label="Upload data files"
        title="Upload data files"
        onClick={() => field.current?.click()}
      >
        <Icon name="upload" />
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label="Data files to upload"
        onChange={({ currentTarget }) => {
          void upload(desk, [...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
    </>
  );
}

function UploadRow({ one }: { one: Upload }) {
  if (one.refused !== null)
    return (
      <li class="upload-refused" role="alert">
        <span class="grow">
          {one.path} was not uploaded. {one.refused}
        </span>
        <button
          type="button"
          class="button quiet square small"
          aria-label={`Dismiss ${one.path}`}
          onClick={() => dismissUpload(one.id)}
        >
          <Icon name="x" />
        </button>
      </li>
    );
  return (
    <li class="upload">
      <FilePath path={one.path} />
      <progress value={one.part} aria-label={`Uploading ${one.path}`} />
    </li>
  );
}

function Row({ desk, file }: { desk: Desk; file: Shelved }) {
  const view = () => {
    viewed.value = file;
  };
  const choices: Choice[] = [
    { label: "Open", pick: view },
    { label: "Download", pick: () => void download(desk, file) },
  ];
  if (file.shelf === "written" && desk.model.may("file.create"))
    choices.push({ label: "Take into the room", pick: () => void take(desk, file.path) });
  if (file.shelf === "data" && desk.model.may("data.remove"))
    choices.push({ label: "Remove", danger: true, pick: () => void removeData(desk, file.path) });
  return (
    <li class="file-row">
      <button type="button" class="file-open" onClick={view}>
        <Icon name="file" />
        <FilePath path={file.path} />
        <span class="caption faint">{bytes(file.size)}</span>
      </button>
      <Menu label={`More for ${file.path}`} choices={choices} class="button quiet square small">
        <Icon name="ellipsis" />
      </Menu>
    </li>
  );
}
