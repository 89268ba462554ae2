/** The host's page: the key first, then rooms now, recent sessions, and one button to make a room. */
import { useEffect } from "preact/hooks";
import { Page } from "../parts/page";
import { adminKey } from "../session";
import { Dashboard } from "./dashboard";
import { KeyForm } from "./key-form";

export function Home() {
  useEffect(() => {
    document.title = "Fourhands";
  }, []);
  return <Page>{adminKey.value === null ? <KeyForm /> : <Dashboard />}</Page>;
}
