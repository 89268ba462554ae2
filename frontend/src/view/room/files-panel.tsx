/** The files of the room: open, add, rename, delete, with every refusal said beside the name it is about. */
import type { FileState, Person } from "../../room/state";
import { Avatar } from "../parts/avatar";
import { FilePath } from "../parts/file-path";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { deleteFile } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { FileNameForm } from "./file-name-form";
import { Folder } from "./folder";
import { filesDrawer } from "./layout";

export function FilesPanel() {
  const desk = useDesk();
  const files = desk.model.files.filter((file) => !file.deleted);
  const naming = desk.naming.value;
  return (
    <nav class="panel files" aria-label="Files">
      <header class="panel-head">
        <h2 class="panel-title grow">Files</h2>
        {desk.model.may("file.create") && (
          <button
            type="button"
            class="button quiet square small"
            aria-label="New file"
            title="New file"
            onClick={() => {
              desk.naming.value = { file: null };
            }}
          >
            <Icon name="plus" />
          </button>
        )}
      </header>
      <div class="file-list scroll">
        <ul>
          {files.map((file) =>
            naming?.file === file.file ? (
              <li key={file.file}>
                <FileNameForm desk={desk} file={file} />
              </li>
            ) : (
              <FileRow key={file.file} desk={desk} file={file} last={files.length === 1} />
            ),
          )}
          {naming !== null && naming.file === null && (
            <li>
              <FileNameForm desk={desk} />
            </li>
          )}
        </ul>
        <Folder />
      </div>
    </nav>
  );
}

function FileRow({ desk, file, last }: { desk: Desk; file: FileState; last: boolean }) {
  const active = desk.files.active.value === file.file;
  const open = () => {
    desk.show(file.file);
    filesDrawer.value = false;
  };
  const choices = [
    ...(desk.model.may("file.rename")
      ? [
          {
            label: "Rename",
            pick: () => {
              desk.naming.value = { file: file.file };
            },
          },
        ]
      : []),
    ...(desk.model.may("file.delete")
      ? [{ label: "Delete", danger: true, disabled: last, pick: () => void deleteFile(desk, file.file) }]
      : []),
  ];
  return (
    <li class="file-row" data-active={active}>
      <button type="button" class="file-open" aria-current={active ? "true" : undefined} onClick={open}>
        <Icon name="file-code-2" />
        <FilePath path={file.path} />
        <Readers people={readers(desk, file.file)} />
      </button>
      {choices.length > 0 && (
        <Menu label={`More for ${file.path}`} choices={choices} class="button quiet square small">
          <Icon name="ellipsis" />
        </Menu>
      )}
    </li>
  );
}

const FACES = 3;

function Readers({ people }: { people: readonly Person[] }) {
  if (people.length === 0) return null;
  return (
    <span class="faces" title={people.map((person) => person.name).join(", ")}>
      {people.slice(0, FACES).map((person) => (
        <Avatar key={person.id} name={person.name} colour={person.colour} size="s" />
      ))}
      {people.length > FACES && <span class="caption faint">+{people.length - FACES}</span>}
    </span>
  );
}

/** The other people whose caret is in this file. */
function readers(desk: Desk, file: string): Person[] {
  const { cursors, people } = desk.model;
  const found = [];
  for (const [id, cursor] of cursors) {
    const person = people.get(id);
    if (cursor.file === file && person?.online && id !== desk.model.client.person) found.push(person);
  }
  return found;
}
