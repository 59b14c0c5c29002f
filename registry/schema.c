#include "registry/db.h"

/*
 * What is stored. A service is the contents of one file; two files with one build-id keep rows of their
 * own, because a build-id is only what a file says of itself, and a file must not be able to redefine
 * the gates of another.
 *
 * Gates, types and members come by the ten thousand, so they are kept in few bytes: what is 0, false or
 * usual is NULL, and what is true or false is a bit of flags. A row's id is its service's in the upper 32
 * bits and its place in the lower, so that the rows of a service are one range: whoever deletes a service
 * deletes that. Types are stored once per service; type.target, member.type and gate.type are places and may
 * form cycles. Kinds, forms, roles, levels and verdicts are words.
 *
 * Each start of twz parses all of this text: there are two views, for people, and no trigger.
 */
#define LISTING \
	"CREATE TABLE listing (" \
	" service INTEGER PRIMARY KEY REFERENCES service ON DELETE CASCADE," \
	" text TEXT NOT NULL) STRICT;"

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
	" asks TEXT NOT NULL) STRICT;"		/* twz/ask.h */ \
	"CREATE INDEX service_build_id ON service (build_id);" \
	/* A file as it was when it was inspected. */ \
	"CREATE TABLE file (" \
	" path TEXT PRIMARY KEY," \
	" size INTEGER NOT NULL," \
	" mtime_ns INTEGER NOT NULL," \
	" inode INTEGER NOT NULL," \
	" service INTEGER NOT NULL UNIQUE REFERENCES service ON DELETE CASCADE" \
	") STRICT, WITHOUT ROWID;" \
	/* flags: 1 readonly, 2 has a record, 4 does not return, 8 public, 16 private. A symbol that is the name is NULL. */ \
	"CREATE TABLE gate (" \
	" id INTEGER PRIMARY KEY," \
	" name TEXT NOT NULL," \
	" signature TEXT NOT NULL,"	/* as shown */ \
	" symbol TEXT, version TEXT, shown TEXT, alias_of TEXT, language TEXT," \
	" file TEXT, line INTEGER," \
	" doc TEXT NOT NULL, requires TEXT NOT NULL, converts TEXT NOT NULL," \
	" role TEXT NOT NULL, level TEXT NOT NULL, flags INTEGER," \
	" verdict TEXT NOT NULL, why TEXT NOT NULL, how TEXT NOT NULL," \
	" type INTEGER, address INTEGER, hash INTEGER) STRICT;" \
	/* flags: 1 signed, 2 const, 4 flags, 8 variadic, 16 prototyped. first: place of its first member. \
	   text: as shown. */ \
	"CREATE TABLE type (" \
	" id INTEGER PRIMARY KEY," \
	" kind TEXT NOT NULL, form TEXT, name TEXT NOT NULL," \
	" size INTEGER, align INTEGER, count INTEGER, target INTEGER, quals INTEGER, flags INTEGER," \
	" first INTEGER, members INTEGER, why TEXT, text TEXT NOT NULL) STRICT;" \
	/* Fields, enumerators and parameters. bits: size of a bit-field, and << 16 its offset. flags: 255 \
	   qualifiers, 256 out, 512 inout, 1024 secret, 2048 optional, 4096 has an extent, 8192 artificial. */ \
	"CREATE TABLE member (" \
	" id INTEGER PRIMARY KEY," \
	" name TEXT NOT NULL, type INTEGER, offset INTEGER, value INTEGER, bits INTEGER, flags INTEGER," \
	" extent INTEGER, count INTEGER, text TEXT) STRICT;" \
	/* Gates by name; place 0 is the name itself, 1 and on are aliases. */ \
	"CREATE TABLE name (" \
	" service INTEGER NOT NULL, name TEXT NOT NULL, gate INTEGER NOT NULL, place INTEGER NOT NULL," \
	" PRIMARY KEY (service, name, gate, place)) STRICT, WITHOUT ROWID;" \
	/* How twz-inspect shows it: to be written as it is. */ \
	LISTING \
	/* What gates take. */ \
	"CREATE VIEW param AS SELECT service.name AS service, g.name AS gate," \
	" (m.id & 4294967295) - f.first AS place, m.name, t.text AS type," \
	" CASE coalesce(m.flags >> 8 & 3, 0) WHEN 0 THEN 'in' WHEN 1 THEN 'out' ELSE 'inout' END AS direction," \
	" coalesce(m.flags & 1024, 0) <> 0 AS secret, coalesce(m.flags & 2048, 0) <> 0 AS optional" \
	" FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND service.id << 32 | 4294967295" \
	" JOIN type AS f ON f.id = (service.id << 32) + g.type" \
	" CROSS JOIN member AS m ON m.id BETWEEN (service.id << 32) + f.first" \
	" AND (service.id << 32) + f.first + f.members - 1" \
	" JOIN type AS t ON t.id = (service.id << 32) + m.type;"

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
 * What people look for first. A table has to be made after it: sqlite takes a view that was made last for a
 * wish to look at one table only, and then PRAGMA integrity_check passes over pages that nobody uses.
 */
#define GATES \
	"CREATE VIEW gates AS SELECT service.name AS service, g.name, g.signature, g.doc, g.requires" \
	" FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND service.id << 32 | 4294967295" \
	" WHERE g.flags & 2 AND g.role = 'gate';"

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

const char registry_schema[] = SERVICES GATES RIGHTS NAMES;

/* Services are read from their files again. */
#define NEW_SERVICES(tables) "DROP VIEW param; " tables SERVICES

const char *const registry_steps[] = {
	/* 1 to 2: rights stay. */
	NEW_SERVICES("DROP TABLE alias; DROP TABLE gate; DROP TABLE member; DROP TABLE type;"
		     " DROP TABLE file; DROP TABLE service;"),
	/* 2 to 3: what was granted had no signature, and whoever could write the file could have granted it:
	   it is kept to be seen, and worth nothing until it is granted again. */
	NEW_SERVICES("DROP TABLE listing; DROP TABLE name; DROP TABLE gate; DROP TABLE member;"
		     " DROP TABLE type; DROP TABLE file; DROP TABLE service;")
	"ALTER TABLE capability RENAME TO old_capability; ALTER TABLE context RENAME TO old_context;"
	RIGHTS
	"INSERT INTO context SELECT name, 0, 7 FROM old_context;"
	"INSERT INTO capability SELECT NULL, context, service, capability, '', 0, 0, 0, x'', 1, 0, 0, 0,"
	" 'owner', NULL, 0, x'', x'' FROM old_capability;"
	"DROP TABLE old_capability; DROP TABLE old_context;",
	/* 3 to 4: listings are made again when they are asked for. */
	GATES "DROP TABLE listing;" LISTING,
	/* 4 to 5 */
	NAMES,
};
