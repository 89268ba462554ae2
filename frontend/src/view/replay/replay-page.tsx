/** Finds the right to read a room's log (the host's key, or an invite), loads it, and hands it to the replay. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { loadTimeline } from "../../replay/loader";
import { buildRecording } from "../../replay/recording";
import { Api, ApiError } from "../../room/api";
import { FolderApi } from "../../room/folder-api";
import type { Admitted } from "../join/gate";
import { DeadEnd } from "../parts/page";
import { adminKey, hostApi } from "../session";
import type { ReadData } from "./files-then";
import { ReplayModel } from "./model";
import { momentInAddress, useMomentInAddress } from "./moment-in-address";
import { Replay } from "./replay";

type State =
  | { at: "loading"; done: number }
  | { at: "failed"; words: string }
  | { at: "ready"; model: ReplayModel };

/** Behind the gate of an invite. */
export function InvitedReplay({ admitted }: { admitted: Admitted }) {
  const { room, invite, joined } = admitted;
  const api = new Api({ token: () => joined.token });
  const back = { href: `/r/${encodeURIComponent(room)}#${invite}`, words: "To the room" };
  return <Loading room={room} api={api} token={() => joined.token} back={back} />;
}

/** With the admin key that the home page holds in memory. */
export function HostReplay({ room }: { room: string }) {
  return <Loading room={room} api={hostApi} token={() => adminKey.value ?? ""} back={null} />;
}

interface LoadingProps {
  room: string;
  api: Api;
  token: () => string;
  back: { href: string; words: string } | null;
}

function Loading({ room, api, token, back }: LoadingProps) {
  const state = useSignal<State>({ at: "loading", done: 0 });
  const load = async (signal?: AbortSignal) => {
    const progress = (done: number) => {
      state.value = { at: "loading", done };
    };
    try {
      const entries = await loadTimeline(api, room, { progress, ...(signal && { signal }) });
      state.value = { at: "ready", model: new ReplayModel(buildRecording(entries)) };
    } catch (problem) {
      if (signal?.aborted) return;
      state.value = { at: "failed", words: wordsFor(problem) };
    }
  };
  useEffect(() => {
    const leaving = new AbortController();
    void load(leaving.signal);
    return () => leaving.abort();
  }, [room]);
  switch (state.value.at) {
    case "loading":
      return <Progress done={state.value.done} />;
    case "failed":
      return (
        <DeadEnd title="This replay did not load" text={state.value.words}>
          <button type="button" class="button primary" onClick={() => void load()}>
            Try again
          </button>
        </DeadEnd>
      );
    case "ready":
      return (
        <Ready
          model={state.value.model}
          back={back}
          refresh={() => void load()}
          read={(path) => new FolderApi(room, token).read("data", path)}
        />
      );
  }
}

interface ReadyProps {
  model: ReplayModel;
  back: LoadingProps["back"];
  refresh: () => void;
  read: ReadData;
}

function Ready({ model, back, refresh, read }: ReadyProps) {
  useLayoutEffect(() => {
    const wanted = momentInAddress();
    if (wanted !== null) model.seek(model.recording.start + wanted * 1e6);
  }, [model]);
  useMomentInAddress(model);
  const { title, endedAt } = model.last;
  const more = endedAt === null ? refresh : null;
  return <Replay model={model} title={title || "Room"} back={back} refresh={more} read={read} />;
}

function Progress({ done }: { done: number }) {
  return (
    <div class="loading" aria-busy="true">
      <div class="loading-words progress">
        <p class="muted">Reading the session…</p>
        <progress max={1} value={done} />
      </div>
    </div>
  );
}

function wordsFor(problem: unknown): string {
  if (problem instanceof ApiError) return problem.message;
  return problem instanceof Error ? problem.message : String(problem);
}
