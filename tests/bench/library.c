/*
 * A library that nobody recompiled, through its gates file, beside the same calls made directly. It is
 * measured where zlib's header is, because its types come from there.
 */
#include <dlfcn.h>
#include <string.h>

#include "tests/bench/bench.h"

#if __has_include("zlib_stub.h")
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
}
#else
void
bench_library_rows(void)
{
}
#endif
