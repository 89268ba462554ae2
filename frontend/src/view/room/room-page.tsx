/** Behind the gate: makes the client and the model of one room, starts them, and stops them on leaving. */
import { useEffect, useMemo } from "preact/hooks";
import { RoomClient } from "../../room/client";
import { attachWake } from "../../room/wake";
import type { Admitted } from "../join/gate";
import { RoomModel } from "./model";
import { Room } from "./room";

export function RoomPage({ admitted }: { admitted: Admitted }) {
  const model = useMemo(() => open(admitted), [admitted]);
  useEffect(() => {
    const asleep = attachWake(model.client);
    model.start();
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
  });
  return new RoomModel(room, invite, client);
}
