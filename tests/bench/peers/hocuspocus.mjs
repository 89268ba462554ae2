// @hocuspocus/server on a port, storing documents in SQLite as its own extension does.
//
// The extension itself (@hocuspocus/extension-sqlite) wants better-sqlite3, which brings no binary by npm; this is
// its code over Node's own SQLite: same base class, same table, same statements, same defaults.
import { DatabaseSync } from 'node:sqlite'
import { Database } from '@hocuspocus/extension-database'
import { Server } from '@hocuspocus/server'

const [port, file] = process.argv.slice(2)
const db = new DatabaseSync(file)
db.exec(`CREATE TABLE IF NOT EXISTS "documents" (
  "name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))`)
const select = db.prepare('SELECT data FROM "documents" WHERE name = $name ORDER BY rowid DESC')
const upsert = db.prepare(`INSERT INTO "documents" ("name", "data") VALUES ($name, $data)
  ON CONFLICT(name) DO UPDATE SET data = $data`)

const server = new Server({
  address: '127.0.0.1',
  port: Number(port),
  quiet: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => select.get({ name: documentName })?.data ?? null,
      store: async ({ documentName, state }) => { upsert.run({ name: documentName, data: state }) },
    }),
  ],
})
await server.listen()
