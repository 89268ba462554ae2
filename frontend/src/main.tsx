/** Starts the page: styles, theme, and the view in its place. */
import { render } from "preact";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/floats.css";
import "./styles/pages.css";
import "./styles/room.css";
import "./styles/panels.css";
import "./styles/sides.css";
import "./styles/alone.css";
import "./styles/output.css";
import "./styles/runs.css";
import "./styles/ansi.css";
import "./styles/replay.css";
import "./view/theme";
import { App } from "./view/app";

const place = document.getElementById("app");
if (place === null) throw new Error("index.html has no #app");
render(<App />, place);
