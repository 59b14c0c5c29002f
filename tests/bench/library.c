/*
 * Libraries that nobody recompiled, through their gates files, beside the same calls made directly. They are
 * measured where their headers are, because their types come from there.
 */
#include <dlfcn.h>
#include <string.h>

#include "tests/bench/bench.h"

#if __has_include("zlib_stub.h") && __has_include("sqlite3_stub.h") && __has_include("png_stub.h")
#include "png_stub.h"
#include "sqlite3_stub.h"
#include "zlib_stub.h"

enum { SIZE = 64 << 10, ROOM = SIZE + 1024 };

/* zlib itself, in this process. */
static struct {
	uLong (*crc32)(uLong crc, const Bytef *buf, uInt len);
	int (*compress2)(Bytef *dest, uLongf *n, const Bytef *source, uLong size, int level);
	int (*uncompress)(Bytef *dest, uLongf *n, const Bytef *source, uLong size);
} direct;

static unsigned char plain[SIZE], packed[ROOM], out[ROOM];
static uLongf npacked;

/* Text of a few hundred words, so that it shrinks as texts do. */
static void
write_plain(void)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = (unsigned char)(seed >> 29 ? "etaoin shrdlu"[(seed >> 20) % 13] : ' ');
	}
}

static bool
load(void *function, void *zlib, const char *name)
{
	void *symbol = dlsym(zlib, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol;
}

static const char *
library_open(struct bench_row *row)
{
	void *zlib = dlopen("libz.so.1", RTLD_NOW);
	const struct twz_failure *failed;

	if (!zlib || !load(&direct.crc32, zlib, "crc32") || !load(&direct.compress2, zlib, "compress2") ||
	    !load(&direct.uncompress, zlib, "uncompress"))
		return "no libz.so.1";
	if (!npacked) {
		write_plain();
		npacked = ROOM;
		if (direct.compress2(packed, &npacked, plain, SIZE, 6))
			return "zlib does not compress";
	}
	if (row->run(row, 1))
		return NULL;
	failed = twz_failed();
	return failed ? bench_text("%s: %s", failed->kind, failed->text) : "a wrong result";
}

static bool
crc32_direct(struct bench_row *row, unsigned n)
{
	while (n--)
		if (!direct.crc32(0, plain, (uInt)row->size))
			return false;
	return true;
}

static bool
crc32_gate(struct bench_row *row, unsigned n)
{
	while (n--)
		if (!zlib_crc32(0, plain, (uInt)row->size))
			return false;
	return true;
}

static bool
compress_direct(struct bench_row *row, unsigned n)
{
	while (n--) {
		uLongf size = ROOM;

		if (direct.compress2(out, &size, plain, row->size, 6))
			return false;
	}
	return true;
}

static bool
compress_gate(struct bench_row *row, unsigned n)
{
	while (n--) {
		uLongf size = ROOM;

		if (zlib_compress2(out, &size, plain, row->size, 6) != Z_OK || twz_failed())
			return false;
	}
	return true;
}

static bool
uncompress_direct(struct bench_row *row, unsigned n)
{
	while (n--) {
		uLongf size = row->size;

		if (direct.uncompress(out, &size, packed, npacked) || size != SIZE)
			return false;
	}
	return true;
}

static bool
uncompress_gate(struct bench_row *row, unsigned n)
{
	while (n--) {
		uLongf size = row->size;

		if (zlib_uncompress(out, &size, packed, npacked) != Z_OK || size != SIZE)
			return false;
	}
	return true;
}

/* -- SQLite, libpng --------------------------------------------------------------------------------- */

static struct {
	int (*open)(const char *name, sqlite3 **db);
	int (*exec)(sqlite3 *db, const char *sql, void *callback, void *data, char **errmsg);
	int (*sig_cmp)(const png_byte *sig, size_t start, size_t n);
	sqlite3 *db, *gate_db;
} others;

static const char query[] = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) "
			    "select sum(i) from n";
static const png_byte signature[8] = { 137, 80, 78, 71, 13, 10, 26, 10 };

static const char *
others_open(struct bench_row *row)
{
	void *sqlite = dlopen("libsqlite3.so.0", RTLD_NOW), *png = dlopen("libpng16.so.16", RTLD_NOW);

	if (!sqlite || !load(&others.open, sqlite, "sqlite3_open") ||
	    !load(&others.exec, sqlite, "sqlite3_exec") || !png || !load(&others.sig_cmp, png, "png_sig_cmp"))
		return "no libsqlite3.so.0 or libpng16.so.16";
	if (!others.db && (others.open(":memory:", &others.db) ||
			   sqlite3_sqlite3_open(":memory:", &others.gate_db) != SQLITE_OK || twz_failed()))
		return twz_failed() ? bench_text("%s", twz_failed()->text) : "no database";
	return row->run(row, 1) ? NULL : "a wrong result";
}

static bool
query_direct(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--)
		if (others.exec(others.db, query, NULL, NULL, NULL))
			return false;
	return true;
}

static bool
query_gate(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--)
		if (sqlite3_sqlite3_exec(others.gate_db, query, NULL, NULL, NULL) != SQLITE_OK || twz_failed())
			return false;
	return true;
}

static bool
signature_direct(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--)
		if (others.sig_cmp(signature, 0, 8))
			return false;
	return true;
}

static bool
signature_gate(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--)
		if (png_png_sig_cmp(signature, 0, 8) || twz_failed())
			return false;
	return true;
}

static void
other_pair(const char *key, const char *name, bool (*straight)(struct bench_row *row, unsigned n),
	   bool (*gate)(struct bench_row *row, unsigned n), unsigned batch)
{
	struct bench_row row = {
		.group = "libraries as they are installed", .name = name, .open = others_open,
		.batch = batch, .samples = 20, .pinned = true,
	};
	struct bench_row there = row;

	row.key = bench_text("%s_direct", key), row.column = "directly", row.run = straight;
	there.key = key, there.column = "gate", there.run = gate;
	bench_row(row), bench_row(there);
	bench_ratio((struct bench_ratio){ .key = key, .numerator = key, .denominator = row.key,
					  .name = bench_text("%s through a gate / directly", name) });
}

static void
pair(const char *name, bool (*straight)(struct bench_row *row, unsigned n),
     bool (*gate)(struct bench_row *row, unsigned n), unsigned batch, double target)
{
	struct bench_row row = {
		.group = "zlib as it is installed, 64 KiB of text", .name = name, .size = SIZE,
		.open = library_open, .batch = batch, .samples = 20, .pinned = true,
	};
	struct bench_row there = row;

	row.key = bench_text("zlib_%s_direct", name), row.column = "directly", row.run = straight;
	there.key = bench_text("zlib_%s", name), there.column = "gate", there.run = gate;
	bench_row(row), bench_row(there);
	bench_ratio((struct bench_ratio){
		.key = there.key, .numerator = there.key, .denominator = row.key, .target = target,
		.name = bench_text("zlib: %s through a gate / directly", name),
	});
}

void
bench_library_rows(void)
{
	pair("crc32", crc32_direct, crc32_gate, 16, 0);
	pair("compress", compress_direct, compress_gate, 1, 1.1);
	pair("uncompress", uncompress_direct, uncompress_gate, 4, 1.1);
	other_pair("sqlite3_query", "SQLite: a query over 1,000 rows", query_direct, query_gate, 4);
	other_pair("png_signature", "libpng: 8 bytes looked at", signature_direct, signature_gate, 500);
}
#else
void
bench_library_rows(void)
{
}
#endif
