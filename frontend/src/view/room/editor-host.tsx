/** Binds the editor pane to the room: the shared text, who may write, whose caret is whose, whom to follow. */
import { useEffect, useRef } from "preact/hooks";
import type { AwarenessState } from "../../panes/editor/caret-watch";
import type { EditorOptions, EditorPane, Refusal } from "../../panes/editor/editor";
import { MAX_EDIT } from "../../room/client";
import type { FileState } from "../../room/state";
import { personColour } from "../parts/avatar";
import { runPart } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { useEditorHelp } from "./editor-help";
import { written } from "./keys";
import { shape } from "./layout";

/** Asked for as soon as a room page loads; the join form gives it time. */
const pane = import("../../panes/editor/editor");

export function EditorHost({ file, onRefused }: { file: FileState; onRefused: (refusal: Refusal) => void }) {
  const desk = useDesk();
  const element = useRef<HTMLDivElement>(null);
  // `writable` is no signal: it changes with state and link, which are read here.
  void desk.model.endedAt;
  void desk.model.status.value;
  const { writable } = desk.model.client;
  useEffect(() => {
    let mounted: EditorPane | null = null;
    let gone = false;
    void pane.then(({ mountEditor }) => {
      if (gone || element.current === null) return;
      mounted = mountEditor(element.current, options(desk, file, onRefused));
      desk.pane.value = mounted;
      if (desk.editorNext.value && !busyElsewhere()) mounted.focus();
      desk.editorNext.value = false;
    });
    return () => {
      gone = true;
      mounted?.unmount();
      if (desk.pane.value === mounted) desk.pane.value = null;
    };
  }, []);
  const current = desk.pane.value;
  useEffect(() => current?.setWritable(writable), [current, writable]);
  useEffect(() => current?.setPath(file.path), [current, file.path]);
  const { people } = desk.model;
  useEffect(() => current?.peopleChanged(), [current, people]);
  useEditorHelp(file);
  useFollowing(desk, file);
  useTarget(desk, file);
  return <div class="editor-host" ref={element} />;
}

function options(desk: Desk, file: FileState, onRefused: (refusal: Refusal) => void): EditorOptions {
  const { client } = desk.model;
  return {
    text: client.text(file.file),
    awareness: client.awareness,
    path: file.path,
    writable: client.writable,
    limit: MAX_EDIT,
    completion: desk.model.help.completion,
    hint,
    identify: (id, state) => identify(desk, id, state),
    onCaret: (anchor, head) => client.setCursor(file.file, anchor, head),
    onRefused,
    onRunCell: desk.model.may("run") ? (cell) => void runPart(desk, cell) : null,
    onOwnMove: () => {
      desk.following.value = null;
    },
  };
}

function busyElsewhere(): boolean {
  return document.activeElement !== document.body || document.querySelector("dialog[open]") !== null;
}

/** A first line to write, and how to run it; a phone has neither the width nor the key. */
function hint(writable: boolean): string {
  if (!writable) return "Nothing is written here yet";
  const how = shape.value === "narrow" ? "then Run" : `${written("Mod-Enter")} runs this file for everyone`;
  return `print("hello")    # ${how}`;
}

/** The log says whose a client id is; the server puts the person's id into awareness too. */
function identify(desk: Desk, client: number, state: AwarenessState) {
  const { clients, people } = desk.model;
  const id = clients.get(client) ?? (typeof state.user?.id === "string" ? state.user.id : "");
  const person = people.get(id);
  if (person === undefined || person.removed) return null;
  const own = person.id === desk.model.client.person;
  return {
    id,
    name: own ? `${person.name} (you, elsewhere)` : person.name,
    colour: personColour(person.colour),
    away: !person.online,
  };
}

/** Goes where the followed person goes, also from file to file. */
function useFollowing(desk: Desk, file: FileState): void {
  const person = desk.following.value;
  const current = desk.pane.value;
  useEffect(() => {
    current?.follow(person);
    if (person === null) return;
    const { awareness } = desk.model.client;
    const go = () => {
      const there = fileOf(desk, person);
      if (there !== null && there !== file.file && desk.file(there)?.deleted === false)
        desk.files.show(there);
    };
    go();
    awareness.on("change", go);
    return () => awareness.off("change", go);
  }, [current, person, file.file]);
}

function fileOf(desk: Desk, person: string): string | null {
  for (const [client, state] of desk.model.client.awareness.getStates() as Map<number, AwarenessState>) {
    if (client === desk.model.client.awareness.clientID || identify(desk, client, state)?.id !== person)
      continue;
    if (typeof state.at?.file === "string") return state.at.file;
  }
  return desk.model.cursors.get(person)?.file ?? null;
}

function useTarget(desk: Desk, file: FileState): void {
  const target = desk.target.value;
  const current = desk.pane.value;
  useEffect(() => {
    if (current === null || target === null || target.file !== file.file) return;
    current.goToLine(target.line);
    desk.target.value = null;
  }, [current, target, file.file]);
}
