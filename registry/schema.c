#include "registry/db.h"

/*
 * What is stored, for people who query it. A service is the contents of one file; two files with
 * one build-id keep rows of their own, because a build-id is only what a file says of itself, and a
 * file must not be able to redefine the gates of another.
 *
 * Types are stored once per service under small numbers of their own; type.target and member.type
 * refer to them and may form cycles. Kinds, roles, levels, verdicts and directions are words.
 */
const char registry_schema[] =
	"CREATE TABLE service ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" version TEXT NOT NULL,"
	" doc TEXT NOT NULL,"
	" build_id BLOB NOT NULL,"
	" partial INTEGER NOT NULL,"
	" gates INTEGER NOT NULL,"	/* how many rows it has in each table */
	" aliases INTEGER NOT NULL,"
	" types INTEGER NOT NULL,"
	" members INTEGER NOT NULL) STRICT;"
	"CREATE INDEX service_build_id ON service (build_id);"

	/* A file as it was when it was inspected. */
	"CREATE TABLE file ("
	" path TEXT PRIMARY KEY,"
	" size INTEGER NOT NULL,"
	" mtime_ns INTEGER NOT NULL,"
	" inode INTEGER NOT NULL,"
	" service INTEGER NOT NULL UNIQUE REFERENCES service ON DELETE CASCADE"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE type ("
	" service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE,"
	" id INTEGER NOT NULL,"
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" size INTEGER NOT NULL,"
	" align INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" target INTEGER,"
	" is_signed INTEGER NOT NULL,"
	" is_const INTEGER NOT NULL,"
	" is_flags INTEGER NOT NULL,"
	" is_variadic INTEGER NOT NULL,"
	" is_prototyped INTEGER NOT NULL,"
	" text TEXT NOT NULL,"	/* as shown */
	" PRIMARY KEY (service, id)) STRICT, WITHOUT ROWID;"

	/* A field, an enumerator or a parameter of the type called owner. */
	"CREATE TABLE member ("
	" service INTEGER NOT NULL,"
	" owner INTEGER NOT NULL,"
	" place INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" type INTEGER,"
	" offset INTEGER NOT NULL,"
	" value INTEGER NOT NULL,"
	" bit_size INTEGER NOT NULL,"
	" bit_offset INTEGER NOT NULL,"
	" direction TEXT NOT NULL,"
	" secret INTEGER NOT NULL,"
	" optional INTEGER NOT NULL,"
	" has_extent INTEGER NOT NULL,"
	" extent INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" text TEXT,"
	" PRIMARY KEY (service, owner, place),"
	" FOREIGN KEY (service, owner) REFERENCES type ON DELETE CASCADE) STRICT, WITHOUT ROWID;"

	"CREATE TABLE gate ("
	" service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE,"
	" place INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" symbol TEXT NOT NULL,"
	" signature TEXT NOT NULL,"	/* as shown */
	" returns TEXT NOT NULL,"
	" doc TEXT NOT NULL,"
	" requires TEXT NOT NULL,"
	" converts TEXT NOT NULL,"
	" role TEXT NOT NULL,"
	" level TEXT NOT NULL,"
	" readonly INTEGER NOT NULL,"
	" has_record INTEGER NOT NULL,"
	" type INTEGER,"
	" how TEXT NOT NULL,"
	" verdict TEXT NOT NULL,"
	" why TEXT NOT NULL,"
	" address INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" PRIMARY KEY (service, place)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE alias ("
	" service INTEGER NOT NULL,"
	" gate INTEGER NOT NULL,"
	" place INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" PRIMARY KEY (service, gate, place),"
	" FOREIGN KEY (service, gate) REFERENCES gate ON DELETE CASCADE) STRICT, WITHOUT ROWID;"

	"CREATE TABLE context ("
	" name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"

	/* By the service's name: a right outlives a rebuilt file. */
	"CREATE TABLE capability ("
	" context TEXT NOT NULL REFERENCES context ON DELETE CASCADE,"
	" service TEXT NOT NULL,"
	" capability TEXT NOT NULL,"
	" PRIMARY KEY (context, service, capability)) STRICT, WITHOUT ROWID;"

	"CREATE VIEW param AS"
	" SELECT service.name AS service, gate.name AS gate, member.place, member.name,"
	"  type.text AS type, member.direction, member.secret, member.optional"
	" FROM gate JOIN service ON service.id = gate.service"
	" JOIN member ON member.service = gate.service AND member.owner = gate.type"
	" JOIN type ON type.service = member.service AND type.id = member.type;";
