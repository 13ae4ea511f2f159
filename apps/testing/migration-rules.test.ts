import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findHazards } from './migration-rules.ts'
import { ROOT } from './sources.ts'

/** Migrations of the first release: nobody runs anything older. */
const FIRST_RELEASE = ['0000_init.sql', '0001_events_by_month.sql', '0002_url_stats.sql']

t.test('no migration since the first release breaks replicas that still run', async (t) => {
  const files = (await readdir(join(ROOT, 'drizzle'))).filter((name) => name.endsWith('.sql'))
  t.ok(FIRST_RELEASE.every((name) => files.includes(name)))
  for (const name of files.filter((one) => !FIRST_RELEASE.includes(one)))
    t.same(findHazards(await readFile(join(ROOT, 'drizzle', name), 'utf8')), [], name)
})

t.test('what takes away, renames, demands or locks is found', async (t) => {
  const unsafe = [
    'DROP TABLE "urls";',
    'ALTER TABLE "urls" DROP COLUMN "title";',
    'ALTER TABLE "urls" RENAME COLUMN "title" TO "name";',
    'ALTER TABLE "urls" RENAME TO "links";',
    'ALTER TABLE "urls" ALTER COLUMN "title" SET DATA TYPE varchar(80);',
    'ALTER TABLE "urls" ALTER COLUMN "title" SET NOT NULL;',
    'ALTER TABLE "urls" ADD COLUMN "domain" text NOT NULL;',
    'ALTER TABLE "urls" ADD COLUMN "token" uuid DEFAULT gen_random_uuid();',
    'ALTER TABLE "urls" ADD CONSTRAINT "named" CHECK (title IS NOT NULL);',
    'ALTER TABLE "urls" ADD CONSTRAINT "one_title" UNIQUE("title");',
    'CREATE INDEX "urls_title" ON "urls" USING btree ("title");',
    'TRUNCATE "events";',
    'UPDATE "urls" SET title = short_code;'
  ]
  for (const statement of unsafe) {
    const hazards = findHazards(statement)
    t.equal(hazards.length, 1, statement)
    t.match(hazards[0], { statement, why: /./, instead: /./ })
  }
})

t.test('what only adds passes, and so does what somebody vouches for', async (t) => {
  const safe = [
    'ALTER TABLE "urls" ADD COLUMN "domain" text;',
    `ALTER TABLE "urls" ADD COLUMN "kind" text DEFAULT 'link' NOT NULL;`,
    'ALTER TABLE "urls" ADD CONSTRAINT "named" CHECK (title IS NOT NULL) NOT VALID;',
    'ALTER TABLE "urls" VALIDATE CONSTRAINT "named";',
    'CREATE INDEX CONCURRENTLY "urls_title" ON "urls" ("title");',
    'CREATE TABLE "keys" ("id" bigint NOT NULL);\n--> statement-breakpoint\nCREATE INDEX "keys_id" ON "keys" ("id");',
    'CREATE TABLE "keys" ("id" bigint);\n--> statement-breakpoint\nALTER TABLE "keys" ADD CONSTRAINT "one" UNIQUE("id");',
    'CREATE FUNCTION "sweep"() RETURNS void LANGUAGE sql AS $$ DROP TABLE "old"; TRUNCATE "older" $$;',
    '-- safe: the table is empty until this release\nCREATE INDEX "urls_title" ON "urls" ("title");'
  ]
  for (const sql of safe) t.same(findHazards(sql), [], sql)
  t.equal(findHazards('-- safe:\nDROP TABLE "urls";').length, 1, 'a voucher says why')
})
