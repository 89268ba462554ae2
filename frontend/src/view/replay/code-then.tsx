/** The code at the moment shown: its files as tabs, and whether the view follows the action. */
import { Icon } from "../parts/icon";
import type { ReplayModel } from "./model";
import { ReaderHost } from "./reader-host";

export function CodeThen({ model }: { model: ReplayModel }) {
  const files = model.files.value.filter((file) => !file.deleted);
  const active = model.file.value;
  return (
    <section class="panel editor" aria-label="Code">
      <h2 class="hidden-text">Code</h2>
      <header class="panel-head editor-head">
        <div class="tabs scroll" role="tablist" aria-label="Files">
          {files.map((file) => (
            <div class="tab-box" data-active={file === active} key={file.file}>
              <button
                type="button"
                class="tab"
                role="tab"
                aria-selected={file === active}
                title={file.path}
                onClick={() => {
                  model.pinned.value = file.file;
                }}
              >
                <span class="cut">{file.path.split("/").at(-1)}</span>
              </button>
            </div>
          ))}
        </div>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={model.pinned.value === null}
          title="Show the file and the place where something happens"
          onClick={() => {
            model.pinned.value = model.pinned.value === null ? (active?.file ?? null) : null;
          }}
        >
          {model.pinned.value === null && <Icon name="check" size={14} />}
          Follow the action
        </button>
      </header>
      <div class="editor-body">
        {active === undefined && (
          <div class="empty">
            <h3>No file yet</h3>
            <p>At this moment the room was still empty.</p>
          </div>
        )}
        <ReaderHost model={model} />
      </div>
    </section>
  );
}
