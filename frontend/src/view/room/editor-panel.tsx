/** The middle of the room: tabs, the run button, and the editor or what stands in its place. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Refusal } from "../../panes/editor/editor";
import { bytes } from "../clock";
import { personColour } from "../parts/avatar";
import { CopyButton } from "../parts/copy";
import { Icon } from "../parts/icon";
import { type Desk, useDesk } from "./desk";
import { EditorHost } from "./editor-host";
import { FileTabs } from "./file-tabs";
import { filesOpen, shape, toggleFiles } from "./layout";
import { RunBar } from "./run-bar";

export function EditorPanel() {
  const desk = useDesk();
  const { files } = desk.model;
  useEffect(() => desk.files.settle(files), [files]);
  const active = desk.activeFile;
  const refused = useSignal<Refusal | null>(null);
  return (
    <section class="panel editor" aria-label="Editor">
      <header class="panel-head editor-head">
        {(shape.value !== "wide" || !filesOpen.value) && (
          <button
            type="button"
            class="button quiet square"
            aria-label="Files"
            title="Files"
            onClick={toggleFiles}
          >
            <Icon name="panel-left" />
          </button>
        )}
        <FileTabs />
        <RunBar />
      </header>
      {refused.value !== null && (
        <Refused
          refusal={refused.value}
          close={() => {
            refused.value = null;
          }}
        />
      )}
      <div class="editor-body">
        {active === undefined && <NoFile desk={desk} />}
        {active?.deleted === true && <Deleted key={active.file} desk={desk} file={active.file} />}
        {active !== undefined && !active.deleted && (
          <EditorHost
            key={`${active.file} ${desk.model.documents.value}`}
            file={active}
            onRefused={(refusal) => {
              refused.value = refusal;
            }}
          />
        )}
        <FollowFrame desk={desk} />
      </div>
    </section>
  );
}

const REFUSED: Record<Refusal["by"], (size: string) => string> = {
  insert: (size) =>
    `That is ${size}; the room takes up to 256 KB at once. Nothing was inserted and nothing is lost.`,
  undo: (size) =>
    `This step would put back ${size}; the room takes up to 256 KB at once. Nothing was changed; the recording has all of it.`,
};

function Refused({ refusal, close }: { refusal: Refusal; close: () => void }) {
  return (
    <div class="banner banner-warn" role="alert">
      <Icon name="triangle-alert" />
      <span class="grow">{REFUSED[refusal.by](bytes(refusal.bytes))}</span>
      <button type="button" class="button plain" onClick={close}>
        OK
      </button>
    </div>
  );
}

function NoFile({ desk }: { desk: Desk }) {
  const known = desk.model.files.some((file) => !file.deleted);
  if (!known && desk.model.status.value.kind === "connecting") return null;
  return (
    <div class="empty">
      <Icon name="files" size={24} />
      <h3>No file is open</h3>
      <p>
        {known ? "Choose one from the list of files." : "Add a file with the plus sign in the list of files."}
      </p>
    </div>
  );
}

/** A file that was deleted while it stood open: its text can still be taken along. */
function Deleted({ desk, file }: { desk: Desk; file: string }) {
  const text = desk.model.client.text(file).toString();
  const path = desk.file(file)?.path ?? file;
  return (
    <div class="deleted">
      <div class="banner banner-warn" role="alert">
        <Icon name="trash-2" />
        <span class="grow">
          {path} was deleted from the room. This is a recovered copy of its text; it is on this page only.
        </span>
        <CopyButton text={text} label="Copy the text" />
        <button type="button" class="button plain" onClick={() => desk.files.closeByHand(file)}>
          Close
        </button>
      </div>
      <pre class="deleted-text scroll">{text}</pre>
    </div>
  );
}

function FollowFrame({ desk }: { desk: Desk }) {
  const id = desk.following.value;
  const person = id === null ? undefined : desk.model.person(id);
  if (id === null || person === undefined) return null;
  return (
    <div class="follow-frame" style={{ "--person": personColour(person.colour) }}>
      <button type="button" class="follow-chip" onClick={() => desk.follow(id)}>
        Following {person.name}
        <kbd>Esc</kbd>
      </button>
    </div>
  );
}
