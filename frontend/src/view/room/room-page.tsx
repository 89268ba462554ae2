/** Behind the gate: makes the client and the model of one room, starts them, and stops them on leaving. */
import { useEffect, useMemo } from "preact/hooks";
import { allows } from "../../../../protocol/ts/roles";
import { Api } from "../../room/api";
import { RoomClient } from "../../room/client";
import { openIndexedShelf } from "../../room/indexed-shelf";
import { openTenancy } from "../../room/tenancy";
import { attachWake } from "../../room/wake";
import type { Admitted } from "../join/gate";
import { forgetSeat } from "../join/seat-memory";
import { RoomModel } from "./model";
import { Room } from "./room";

/** Opened while the person still reads the join page. */
const STORAGE = { shelf: openIndexedShelf(), tenancy: openTenancy() };

export function RoomPage({ admitted }: { admitted: Admitted }) {
  const model = useMemo(() => open(admitted), [admitted]);
  const removed = model.me?.removed === true;
  useEffect(() => {
    // Whoever was shown out is asked before they come in again, as somebody new.
    if (removed) forgetSeat(admitted.invite);
  }, [removed]);
  useEffect(() => {
    const asleep = attachWake(model.client);
    model.start();
    void askForKernel(model);
    return () => {
      asleep();
      model.stop();
    };
  }, [model]);
  return <Room model={model} />;
}

function open({ room, invite, joined, again }: Admitted): RoomModel {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const client = new RoomClient({
    url: `${scheme}://${location.host}/yjs/${encodeURIComponent(room)}`,
    token: joined.token,
    person: joined.participant,
    role: joined.role,
    renewToken: again,
    ...(allows(joined.role, "edit") ? { keep: { room, storage: STORAGE } } : {}),
  });
  return new RoomModel({ room, invite, resume: joined.resume }, client);
}

/** The log says how a kernel is; only the server knows whether it can have one at all. */
async function askForKernel(model: RoomModel): Promise<void> {
  try {
    const { kernel } = await new Api({ token: () => model.client.token }).room(model.room);
    if (!kernel.available)
      model.noKernel.value = kernel.reason ?? "This server has no kernel to run code with.";
  } catch {
    // Out of reach: a run that is refused will say why.
  }
}
