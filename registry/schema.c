#include "registry/db.h"

/*
 * What is stored. A service is the contents of one file; two files with one build-id keep rows of their
 * own, because a build-id is only what a file says of itself, and a file must not be able to redefine
 * the gates of another.
 *
 * Gates and types come by the ten thousand, so they are kept in few bytes: what is 0, false or usual is NULL, and
 * what is true or false is a bit of flags. A row's id is its service's in the upper 32 bits and its place in the
 * lower, so that the rows of a service are one range: whoever deletes a service deletes that. Types are stored once
 * per service; target and type are places and may form cycles. The fields, enumerators and parameters of a type are
 * one JSON text in its row (members.h), and the names of gates have no table of their own (order.h). Kinds, forms,
 * roles, levels and verdicts are words.
 *
 * Each start of twz parses all of this text: there are three views, for people, and no trigger, and no index that
 * only a person would use.
 */
#define SERVICES \
	"CREATE TABLE service (" \
	" id INTEGER PRIMARY KEY," \
	" name TEXT NOT NULL," \
	" version TEXT NOT NULL," \
	" doc TEXT NOT NULL," \
	" build_id BLOB NOT NULL," \
	" partial INTEGER NOT NULL," \
	" all_functions INTEGER NOT NULL,"	/* 0: only gates */ \
	" debug_path TEXT,"			/* where its types are from, as it was then: */ \
	" debug_size INTEGER NOT NULL," \
	" debug_mtime_ns INTEGER NOT NULL," \
	" debug_inode INTEGER NOT NULL," \
	" debug_dir TEXT NOT NULL,"		/* what --debug-dir was */ \
	" maker TEXT NOT NULL,"			/* who inspected */ \
	" stored INTEGER NOT NULL,"		/* when, in seconds */ \
	" gates INTEGER NOT NULL,"		/* how many rows it has in each table */ \
	" aliases INTEGER NOT NULL," \
	" types INTEGER NOT NULL," \
	" members INTEGER NOT NULL," \
	" recorded INTEGER NOT NULL,"		/* of the gates; the others are just functions */ \
	" asks TEXT NOT NULL,"			/* twz/ask.h */ \
	" by_name BLOB) STRICT;"		/* order.h */ \
	/* A file as it was when it was inspected. */ \
	"CREATE TABLE file (" \
	" path TEXT PRIMARY KEY," \
	" size INTEGER NOT NULL," \
	" mtime_ns INTEGER NOT NULL," \
	" inode INTEGER NOT NULL," \
	" service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE" \
	") STRICT, WITHOUT ROWID;" \
	/* flags: 1 readonly, 2 has a record, 4 does not return, 8 public, 16 private. A symbol that is the name is NULL, \
	   and so are the role 'gate' and the level 'none'. */ \
	"CREATE TABLE gate (" \
	" id INTEGER PRIMARY KEY," \
	" name TEXT NOT NULL," \
	" signature TEXT NOT NULL,"	/* as shown */ \
	" symbol TEXT, version TEXT, shown TEXT, alias_of TEXT, language TEXT," \
	" file TEXT, line INTEGER, doc TEXT, requires TEXT, converts TEXT, role TEXT, level TEXT, flags INTEGER," \
	" verdict TEXT NOT NULL, why TEXT, how TEXT," \
	" type INTEGER, address INTEGER, hash INTEGER) STRICT;" \
	/* flags: 1 signed, 2 const, 4 flags, 8 variadic, 16 prototyped. text: as shown. */ \
	"CREATE TABLE type (" \
	" id INTEGER PRIMARY KEY," \
	" kind TEXT NOT NULL, form TEXT, name TEXT," \
	" size INTEGER, align INTEGER, count INTEGER, target INTEGER, quals INTEGER, flags INTEGER," \
	" members TEXT, why TEXT, text TEXT NOT NULL) STRICT;" \
	/* Other names of gates, in the order of their places. */ \
	"CREATE TABLE alias (" \
	" service INTEGER NOT NULL, name TEXT NOT NULL, gate INTEGER NOT NULL, place INTEGER NOT NULL," \
	" PRIMARY KEY (service, name, gate, place)) STRICT, WITHOUT ROWID;" \
	VIEWS \
	/* How twz-inspect shows it: to be written as it is. A table comes last: sqlite takes a view that was made last \
	   for a wish to look at one table only, and then PRAGMA integrity_check passes over pages that nobody uses. */ \
	"CREATE TABLE listing (" \
	" service INTEGER PRIMARY KEY REFERENCES service ON DELETE CASCADE," \
	" text TEXT NOT NULL) STRICT;"

/*
 * What people look for: gates, what they take, and members as rows. owner and type: ids of rows of type; bits: size
 * of a bit-field, and << 16 its offset; flags: 255 qualifiers, 256 out, 512 inout, 1024 secret, 2048 optional, 4096
 * has an extent, 8192 artificial.
 */
#define VIEWS \
	"CREATE VIEW gates AS SELECT service.name AS service, g.name, g.signature, coalesce(g.doc, '') AS doc," \
	" coalesce(g.requires, '') AS requires" \
	" FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND service.id << 32 | 4294967295" \
	" WHERE g.flags & 2 AND g.role IS NULL;" \
	"CREATE VIEW member AS SELECT t.id AS owner, m.key AS place, value ->> 0 AS name," \
	" (t.id >> 32 << 32) + (value ->> 1) AS type, coalesce(value ->> 2, 0) AS offset," \
	" coalesce(value ->> 3, 0) AS value, coalesce(value ->> 4, 0) AS bits, coalesce(value ->> 5, 0) AS flags," \
	" value ->> 6 AS extent, value ->> 7 AS count, value ->> 8 AS text FROM type AS t, json_each(t.members) AS m;" \
	"CREATE VIEW param AS SELECT s.name AS service, g.name AS gate, m.place, m.name, t.text AS type," \
	" CASE m.flags >> 8 & 3 WHEN 0 THEN 'in' WHEN 1 THEN 'out' ELSE 'inout' END AS direction," \
	" m.flags & 1024 <> 0 AS secret, m.flags & 2048 <> 0 AS optional" \
	" FROM service AS s JOIN gate AS g ON g.id BETWEEN s.id << 32 AND s.id << 32 | 4294967295" \
	" JOIN member AS m ON m.owner = (s.id << 32) + g.type JOIN type AS t ON t.id = m.type;"

/*
 * Rights are by names: they outlive a rebuilt file. What a signature covers is in rights_text.c; the audit
 * trail's rows are written and never changed but for their end and their number of repetitions.
 */
#define RIGHTS \
	"CREATE TABLE context (" \
	" name TEXT PRIMARY KEY," \
	" flags INTEGER NOT NULL,"	/* 1: cannot be detached */ \
	" mask INTEGER NOT NULL"	/* rights that it may use at most */ \
	") STRICT, WITHOUT ROWID;" \
	"CREATE TABLE mask (" \
	" context TEXT NOT NULL REFERENCES context ON DELETE CASCADE," \
	" service TEXT NOT NULL," \
	" rights INTEGER NOT NULL," \
	" PRIMARY KEY (context, service)) STRICT, WITHOUT ROWID;" \
	/* An id is never used twice: parents are known by it. */ \
	"CREATE TABLE capability (" \
	" id INTEGER PRIMARY KEY AUTOINCREMENT," \
	" context TEXT NOT NULL REFERENCES context ON DELETE CASCADE," \
	" service TEXT NOT NULL," \
	" capability TEXT NOT NULL,"	/* what gates require; *: all */ \
	" gate TEXT NOT NULL,"		/* only this one; '': every one */ \
	" first INTEGER NOT NULL, length INTEGER NOT NULL, align INTEGER NOT NULL,"	/* by number */ \
	" build_id BLOB NOT NULL,"	/* of the file that the numbers are of */ \
	" rights INTEGER NOT NULL," \
	" flags INTEGER NOT NULL,"	/* 1: may be passed on */ \
	" expires INTEGER NOT NULL,"	/* milliseconds since 1970; 0: never */ \
	" granted INTEGER NOT NULL," \
	" grantor TEXT NOT NULL," \
	" parent INTEGER REFERENCES capability ON DELETE CASCADE," \
	" scheme INTEGER NOT NULL," \
	" key BLOB NOT NULL," \
	" signature BLOB NOT NULL) STRICT;" \
	"CREATE INDEX capability_context ON capability (context, service);" \
	"CREATE INDEX capability_parent ON capability (parent);" \
	"CREATE TABLE audit (" \
	" id INTEGER PRIMARY KEY AUTOINCREMENT," \
	" time INTEGER NOT NULL,"	/* milliseconds since 1970 */ \
	" context TEXT NOT NULL," \
	" caller TEXT NOT NULL,"	/* the service that called; '': the session */ \
	" compartment INTEGER NOT NULL," \
	" what TEXT NOT NULL," \
	" args TEXT NOT NULL,"		/* without secrets */ \
	" allowed INTEGER NOT NULL," \
	" status INTEGER,"		/* as of a program; NULL: its end was not seen */ \
	" times INTEGER NOT NULL) STRICT;"

/*
 * Names of objects. An id is 16 bytes, the first the highest; a namespace has none, and neither has a link, whose
 * kind is the path that it stands for. "/" has no row.
 */
#define NAMES \
	"CREATE TABLE object (" \
	" path TEXT PRIMARY KEY," \
	" id BLOB," \
	" kind TEXT NOT NULL"		/* what it implements; '': nothing that is known; "/…": a link */ \
	") STRICT, WITHOUT ROWID;" \
	"CREATE INDEX object_id ON object (id, kind);"

const char registry_schema[] = SERVICES RIGHTS NAMES;

const char *const registry_steps[] = {
	/* 1 to 2: only about services, see below. */
	"",
	/* 2 to 3: what was granted had no signature, and whoever could write the file could have granted it:
	   it is kept to be seen, and worth nothing until it is granted again. */
	"ALTER TABLE capability RENAME TO old_capability; ALTER TABLE context RENAME TO old_context;"
	RIGHTS
	"INSERT INTO context SELECT name, 0, 7 FROM old_context;"
	"INSERT INTO capability SELECT NULL, context, service, capability, '', 0, 0, 0, x'', 1, 0, 0, 0,"
	" 'owner', NULL, 0, x'', x'' FROM old_capability;"
	"DROP TABLE old_capability; DROP TABLE old_context;",
	/* 3 to 4: only about services. */
	"",
	/* 4 to 5 */
	NAMES,
	/* 5 to 6: what is known of services, whichever schema that is of, goes; they are read from their files again. */
	"DROP VIEW IF EXISTS param; DROP VIEW IF EXISTS gates;"
	"DROP TABLE IF EXISTS listing; DROP TABLE IF EXISTS name; DROP TABLE IF EXISTS alias; DROP TABLE IF EXISTS gate;"
	"DROP TABLE IF EXISTS member; DROP TABLE IF EXISTS type; DROP TABLE IF EXISTS file; DROP TABLE IF EXISTS service;"
	SERVICES,
};
