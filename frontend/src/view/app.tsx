/** Which page stands at which address. */
import { Boundary } from "./boundary";
import { Home } from "./home/home";
import { Gate } from "./join/gate";
import { lazy } from "./lazy";
import { DeadEnd } from "./parts/page";
import { follow, fragment, route } from "./router";
import { adminKey } from "./session";

const RoomPage = lazy(() => import("./room/room-page").then((module) => module.RoomPage));
const InvitedReplay = lazy(() => import("./replay/replay-page").then((module) => module.InvitedReplay));
const HostReplay = lazy(() => import("./replay/replay-page").then((module) => module.HostReplay));

export function App() {
  return (
    <Boundary>
      <Page />
    </Boundary>
  );
}

function Page() {
  const at = route.value;
  switch (at.page) {
    case "home":
      return <Home />;
    case "room":
      return <Gate key={`${at.room} ${fragment.value}`} room={at.room} inside={RoomPage} purpose="work" />;
    case "replay":
      return <ReplayGate key={`${at.room} ${fragment.value}`} room={at.room} />;
    default:
      return (
        <DeadEnd
          title="There is nothing here"
          text="The address may be mistyped, or cut off when it was copied."
        >
          <ToHome />
        </DeadEnd>
      );
  }
}

function ReplayGate({ room }: { room: string }) {
  if (fragment.value !== "") return <Gate room={room} inside={InvitedReplay} purpose="replay" />;
  if (adminKey.value !== null) return <HostReplay room={room} />;
  return (
    <DeadEnd
      title="Who may watch?"
      text="Open this replay with the invite link of its room, or enter the admin key on the home page and choose it there."
    >
      <ToHome />
    </DeadEnd>
  );
}

function ToHome() {
  return (
    <a class="button plain" href="/" onClick={follow}>
      To the home page
    </a>
  );
}
