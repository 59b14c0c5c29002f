#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include "monitor/mpk/mpk.h"
#include "monitor/wire.h"

static void out(void *d, const char *b, size_t n) { (void)d; fwrite(b, 1, n, stdout); }

static bool call(struct mpk *c, uint32_t n, const uint64_t *w, uint32_t nw, uint64_t *ret, enum mpk_end *end)
{
	unsigned char *block;
	*end = mpk_acquire(c, 5000000000, &block);
	if (*end) return false;
	struct link_call *h = (void *)block;
	uint64_t *argv = (void *)(h + 1);
	h->item = (struct twz_item){ 24 + nw * 8, TWZ_ITEM_GATECALL };
	h->call = (struct twz_gatecall_item){ n, { -38, 0 } };
	for (uint32_t i = 0; i < nw; i++) argv[i] = w[i];
	*(struct twz_item *)(void *)(argv + nw) = (struct twz_item){ 0, TWZ_ITEM_END };
	*end = mpk_run(c, MPK_CALL, 5000000000);
	*ret = (uint64_t)h->call.ret[1];
	bool ok = *end == MPK_DONE && h->call.ret[0] == 0;
	mpk_release(c);
	return ok;
}
static void describe(struct mpk *c, uint32_t number, const char *name, uint32_t n)
{
	unsigned char *block;
	if (mpk_acquire(c, -1, &block)) abort();
	struct wire_gate *g = (void *)block;
	size_t size = sizeof(*g) + (n + 1) * sizeof(g->slots[0]) + strlen(name) + 1;
	memset(g, 0, size);
	g->bytes = (uint32_t)size; g->number = number; g->nslots = n; g->words_only = 1;
	for (uint32_t i = 0; i <= n; i++) g->slots[i] = (struct wire_slot){ .pass = TWZ_PASS_WORD, .size = 8, .align = 8, .extent = -1 };
	memcpy((char *)g + size - strlen(name) - 1, name, strlen(name) + 1);
	enum mpk_end e = mpk_run(c, MPK_DESCRIBE, -1);
	if (e) printf("describe %d\n", e);
	mpk_release(c);
}
static uint64_t secret = 42;
int main(int argc, char **argv)
{
	struct twz_error err = { 0 };
	struct mpk *c;
	struct mpk_options o = { .guest = argv[1], .service = argv[2], .build_id = "", .output = out };
	(void)argc;
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!mpk_start(&o, &c, &err)) { printf("not ok start: %s\n", err.text); return 6; }
	printf("started key %d memory %llu\n", mpk_key(c), (unsigned long long)mpk_memory(c));
	describe(c, 0, "add", 2);
	describe(c, 1, "peek", 1);
	uint64_t r = 0; enum mpk_end e;
	bool ok = call(c, 0, (uint64_t[]){ 20, 22 }, 2, &r, &e);
	printf("add: %d %d %llu\n", ok, e, (unsigned long long)r);
	for (int i = 0; i < 1000; i++) if (!call(c, 0, (uint64_t[]){ i, 22 }, 2, &r, &e) || r != i + 22) { printf("not ok\n"); break; }
	ok = call(c, 1, (uint64_t[]){ (uintptr_t)&secret }, 1, &r, &e);
	printf("peek: %d %d %llu signal %d pkuerr %d at %llx\n", ok, e, (unsigned long long)r, mpk_crash(c)->signal, mpk_crash(c)->foreign_key, (unsigned long long)mpk_crash(c)->fault_address);
	mpk_free(c);
	return 0;
}
