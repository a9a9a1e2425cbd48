// Runs the hospital's tables in a TimescaleDB that is compiled to WebAssembly (PGlite): `node hypertables.mjs FOLDER <SQL`.
// The statements come from the program as JSON; what was found goes out as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const dist = pathToFileURL(`${process.argv[2]}/dist/`);
const { PGlite } = await import(new URL("index.js", dist));
const { timescaledb } = await import(new URL("timescaledb/index.js", dist));
const { migrations, before, after } = JSON.parse(readFileSync(0, "utf8"));
const db = await PGlite.create({ extensions: { timescaledb } });
const rows = async (query, values) => (await db.query(query, values)).rows;
const write = async (all) => {
  for (const [statement, values] of all) await db.query(statement, values);
};

await db.exec("CREATE EXTENSION timescaledb; CREATE SCHEMA anodyne; SET search_path TO anodyne, public");
await db.exec(migrations[0]);
await write(before);
await db.exec("SELECT create_hypertable('anodyne.trend', 'at', migrate_data => true)");
await db.exec("SELECT create_hypertable('anodyne.event', 'at', migrate_data => true)");
for (const one of migrations.slice(1)) await db.exec(one);
await write(after);
const found = {
  version: await rows("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"),
  events: await rows("SELECT id FROM event ORDER BY at"),
  trend: await rows("SELECT sight, low, high, mode, seq FROM trend ORDER BY at"),
  chunks: await rows("SELECT hypertable_name, num_chunks FROM timescaledb_information.hypertables ORDER BY 1"),
  refused: await db.exec("CREATE UNIQUE INDEX late ON event (place, id)").then(
    () => "",
    (error) => error.message,
  ),
  dropped: (await rows("SELECT drop_chunks('event', older_than => '2026-01-20'::timestamptz)")).length,
  kept: await rows("SELECT id FROM event ORDER BY at"),
};
await db.close();
process.stdout.write(JSON.stringify(found));
