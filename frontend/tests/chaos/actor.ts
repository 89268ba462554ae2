// The campaign's end of a tab: commands as JSON lines on stdin; events and answers as JSON lines on stdout.

import { createInterface } from "node:readline";
import { Tab, type Wanted } from "./tab";

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const tab = new Tab(JSON.parse(process.argv[2] ?? "") as Wanted, say);

const commands: Record<string, (options: never) => unknown> = {
  type: (options) => tab.type(options),
  erase: (options) => tab.erase(options),
  chat: (options) => tab.chat(options),
  run: (options) => tab.run(options),
  wake: (options) => tab.wake(options),
  look: () => tab.look(),
  differences: () => tab.differences(),
  stop: () => tab.stop(),
};

async function obey(line: string): Promise<void> {
  const { command, number, ...options } = JSON.parse(line);
  try {
    say({ answer: number, value: (await commands[command]?.(options as never)) ?? null });
  } catch (error) {
    say({ answer: number, error: error instanceof Error ? `${error.stack}` : String(error) });
  }
}

for await (const line of createInterface({ input: process.stdin })) await obey(line);
process.exit(0);
