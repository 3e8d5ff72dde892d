// A clock that can be set, for a store on a real Postgres: a function now() that is found before that of Postgres. The time
// itself, and everything else, is the database's.

/** Statements that make the clock. */
export const CLOCK: readonly string[] = [
  "CREATE SCHEMA clock",
  "CREATE TABLE clock.ahead AS SELECT interval '0' AS by",
  `CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT pg_catalog.now() + (SELECT by FROM clock.ahead)'`,
];

/** The setting of connections that go by it. */
export const SEARCH_PATH = "search_path=clock,pg_catalog,public";
