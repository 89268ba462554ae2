/** The room: one grid that a wide window, a tablet and a phone each fold in their own way. */
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Confirm } from "../parts/confirm";
import { Notices } from "../parts/notices";
import { Splitter } from "../parts/splitter";
import { AloneStrip } from "./alone";
import { Banner } from "./banner";
import { commands, focusEditor } from "./commands";
import { Desk, DeskContext, useDesk } from "./desk";
import { closeHelp } from "./editor-help";
import { EditorPanel } from "./editor-panel";
import { FileViewer } from "./file-viewer";
import { FilesPanel } from "./files-panel";
import { viewed } from "./folder-deeds";
import { inField, matches, typing } from "./keys";
import { KeysHelp } from "./keys-help";
import { FILES_WIDTH, filesDrawer, filesOpen, OUTPUT_HEIGHT, OUTPUT_WIDTH, shape, side, tab } from "./layout";
import type { RoomModel } from "./model";
import { OutputPanel } from "./output-panel";
import { Palette } from "./palette";
import { RecoveredCopy } from "./recovered";
import { SecondDevice } from "./second-device";
import { Share } from "./share";
import { Rail, SidePanel, TabBar } from "./side";
import { TopBar } from "./top-bar";

export function Room({ model }: { model: RoomModel }) {
  const desk = useMemo(() => new Desk(model), [model]);
  useKeys(desk);
  useLeaving(desk);
  useEffect(() => () => closeHelp(desk), [desk]);
  useEffect(() => {
    document.title = `${model.title || "Room"} · Fourhands`;
  }, [model.title]);
  return (
    <DeskContext.Provider value={desk}>
      <div class="room" data-shape={shape.value} data-tab={tab.value}>
        <TopBar />
        <Banner />
        {shape.value === "narrow" && <AloneStrip />}
        <Panels />
        {shape.value === "narrow" && <TabBar />}
      </div>
      {desk.sheet.value === "palette" && <Palette />}
      {desk.sheet.value === "keys" && <KeysHelp />}
      {desk.sheet.value === "share" && <Share />}
      {desk.sheet.value === "device" && <SecondDevice />}
      <Viewed desk={desk} />
      <RecoveredCopy />
      <Confirm />
      <Notices />
    </DeskContext.Provider>
  );
}

/** A file that somebody wants to look at, whichever list it was chosen from. */
function Viewed({ desk }: { desk: Desk }) {
  const seen = viewed.value;
  useEffect(
    () => () => {
      viewed.value = null;
    },
    [desk],
  );
  return seen && <FileViewer key={`${seen.shelf} ${seen.path}`} desk={desk} file={seen} />;
}

function Panels() {
  const wide = shape.value === "wide";
  const naming = useDesk().naming.value !== null;
  const files = wide ? filesOpen.value || naming : filesDrawer.value || naming;
  const style = {
    "--files": `${FILES_WIDTH.value.value}px`,
    "--output": `${OUTPUT_WIDTH.value.value}px`,
    "--output-height": `${OUTPUT_HEIGHT.value.value}px`,
  };
  return (
    <main class="panels" style={style}>
      {files && <FilesPlace />}
      {files && wide && <Splitter size={FILES_WIDTH} label="Width of the files" axis="x" panel="before" />}
      <div class="work">
        <EditorPanel />
        {wide && <Splitter size={OUTPUT_WIDTH} label="Width of the output" axis="x" panel="after" />}
        {shape.value === "medium" && (
          <Splitter size={OUTPUT_HEIGHT} label="Height of the output" axis="y" panel="after" />
        )}
        <OutputPanel />
      </div>
      <SidePanel />
      {shape.value !== "narrow" && <Rail />}
    </main>
  );
}

/** Beside the editor in a wide window; else a drawer over it, which a click outside puts away. */
function FilesPlace() {
  const desk = useDesk();
  const drawer = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => drawer.current?.querySelector<HTMLElement>(".file-open")?.focus(), []);
  if (shape.value === "wide") return <FilesPanel />;
  const close = () => {
    filesDrawer.value = false;
    desk.naming.value = null;
  };
  return (
    <div class="drawer" ref={drawer}>
      <button type="button" class="drawer-scrim" aria-label="Close the files" onClick={close} />
      <FilesPanel />
    </div>
  );
}

/** One listener for all keys, before the editor sees them. */
function useKeys(desk: Desk): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && leave(desk)) return;
      const command = commands(desk).find(({ keys }) => keys !== undefined && matches(event, keys));
      if (command === undefined || !mayFire(command.id, event)) return;
      event.preventDefault();
      event.stopPropagation();
      // A key that is held down asks once.
      if (!event.repeat) command.act();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [desk]);
}

function mayFire(id: string, event: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]") !== null) return id === "palette" || id === "keys";
  // The editor has its own search; elsewhere the browser's is meant.
  if (id === "find") return false;
  if (id === "keys") return !typing(event.target);
  return id !== "run-selection" || !inField(event.target);
}

/** These know Escape themselves. */
const OWN_ESCAPE = "dialog[open], .menu-list, .file-form :focus";

/** What Escape leaves first; true when there was something. */
function leave(desk: Desk): boolean {
  if (document.querySelector(OWN_ESCAPE) !== null) return false;
  if (desk.following.value !== null) {
    desk.following.value = null;
    return true;
  }
  const inSide = document.activeElement?.closest(".side") != null;
  if (filesDrawer.value) filesDrawer.value = false;
  else if (side.value !== null && (inSide || shape.value === "medium")) side.value = null;
  else return false;
  focusEditor(desk);
  return true;
}

/** Closing the page would lose what is neither in the room nor on this device: then the browser asks first. */
function useLeaving(desk: Desk): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (!desk.model.client.kept) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [desk]);
}
