/** A file of the kernel's folder, to be read only: a picture, a text, or what to do with anything else. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { bytes } from "../clock";
import { TextBlock } from "../output/text-block";
import { Dialog } from "../parts/dialog";
import type { Desk } from "./desk";
import { download, folderOf, type Shelved, take, viewed, words } from "./folder-deeds";

type Seen =
  | { form: "waiting" }
  | { form: "picture"; address: string }
  | { form: "text"; text: string; cut: boolean }
  | { form: "other" }
  | { form: "refused"; words: string };

/** Bytes of text that are shown; the file can be downloaded whole. */
const SHOWN = 1_000_000;

export function FileViewer({ desk, file }: { desk: Desk; file: Shelved }) {
  const seen = useSignal<Seen>({ form: "waiting" });
  useEffect(() => {
    let gone = false;
    let address: string | null = null;
    look(desk, file).then((found) => {
      if (found.form === "picture") address = found.address;
      if (!gone) seen.value = found;
      else if (address !== null) URL.revokeObjectURL(address);
    });
    return () => {
      gone = true;
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, []);
  const close = () => {
    viewed.value = null;
  };
  const may = file.shelf === "written" && seen.value.form === "text" && desk.model.may("file.create");
  return (
    <Dialog title={file.path} width="wide" onClose={close}>
      <section class="viewer scroll" aria-label={`Content of ${file.path}`}>
        <Content seen={seen.value} path={file.path} />
      </section>
      <div class="dialog-foot">
        <span class="caption faint grow viewer-size">{bytes(file.size)}, for reading only</span>
        {may && (
          <button
            type="button"
            class="button plain"
            onClick={() => {
              close();
              void take(desk, file.path);
            }}
          >
            Take into the room
          </button>
        )}
        <button type="button" class="button plain" onClick={() => void download(desk, file)}>
          Download
        </button>
      </div>
    </Dialog>
  );
}

function Content({ seen, path }: { seen: Seen; path: string }) {
  switch (seen.form) {
    case "waiting":
      return <p class="muted">Reading…</p>;
    case "picture":
      return <img class="viewer-picture" src={seen.address} alt={path} />;
    case "text":
      return (
        <>
          {seen.text === "" ? <p class="muted">This file is empty.</p> : <TextBlock text={seen.text} />}
          {seen.cut && <p class="muted">The rest is not shown here. Download the file to see all of it.</p>}
        </>
      );
    case "other":
      return (
        <p class="muted">This is neither a text nor a picture. Download it to open it on your computer.</p>
      );
    case "refused":
      return (
        <p class="muted" role="alert">
          The file cannot be shown. {seen.words}
        </p>
      );
  }
}

async function look(desk: Desk, { shelf, path }: Shelved): Promise<Seen> {
  try {
    const blob = await folderOf(desk).read(shelf, path);
    if (blob.type.startsWith("image/")) return { form: "picture", address: URL.createObjectURL(blob) };
    if (!blob.type.startsWith("text/")) return { form: "other" };
    return { form: "text", text: await blob.slice(0, SHOWN).text(), cut: blob.size > SHOWN };
  } catch (problem) {
    return { form: "refused", words: words(problem) };
  }
}
