/** Which page stands at which address. */
import { Boundary } from "./boundary";
import { Home } from "./home/home";
import { Gate } from "./join/gate";
import { lazy } from "./lazy";
import { DeadEnd } from "./parts/page";
import { follow, route } from "./router";

const RoomPage = lazy(() => import("./room/room-page").then((module) => module.RoomPage));

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
      return <Gate key={at.room} room={at.room} inside={RoomPage} purpose="work" />;
    default:
      return (
        <DeadEnd
          title="There is nothing here"
          text="The address may be mistyped, or cut off when it was copied."
        >
          <a class="button plain" href="/" onClick={follow}>
            To the home page
          </a>
        </DeadEnd>
      );
  }
}
