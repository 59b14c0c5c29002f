/* front: a service whose functions another service, back, calls back. */
#include <stdio.h>
#include <string.h>

#include <twz/call.h>
#include <twz/gate.h>

#include "back_stub.h"

TWZ_SERVICE("front", "1.0", "Is called back by back");

static int
add(int n, void *data)
{
	return n + *(int *)data;
}

TWZ_GATE(int, sum, (int n), TWZ_DOC("The sum of 10 to 10 + n - 1, by back"))
{
	int ten = 10, r = back_count(add, &ten, n);

	return twz_failed() ? -1 : r;
}

static const char *
name_of(int n, void *data)
{
	static char text[32];

	snprintf(text, sizeof(text), "%s%d", (const char *)data, n);
	return text;
}

static struct point
swap(struct point p, void *data)
{
	(void)data;
	return (struct point){ p.y, (int)p.x };
}

TWZ_GATE(const char *, all, (void), TWZ_DOC("Texts and structs"))
{
	struct point p = back_map((struct point){ 3, 4 }, swap, NULL);
	static char text[128];
	char prefix[] = "no";

	snprintf(text, sizeof(text), "%s %g %d", back_label(name_of, prefix, 2), p.x, p.y);
	return twz_failed() ? twz_failed()->text : text;
}

static int
deeper(int n, void *data)
{
	int r;

	(void)n;
	++*(int *)data;
	r = back_count(deeper, data, 1);
	return twz_failed() ? 0 : r;
}

TWZ_GATE(int, depth, (void), TWZ_DOC("How deep callbacks may call back"))
{
	int n = 0;

	back_count(deeper, &n, 1);
	return twz_failed() ? -1 : n;
}

static int
plain(int n, void *data)
{
	(void)data;
	return back_plain(n);
}

TWZ_GATE(int, inside, (int n), TWZ_DOC("Calls back's gate in its callback"))
{
	int r = back_count(plain, NULL, n);

	return twz_failed() ? -1 : r;
}

TWZ_GATE(const char *, lied_to, (int what), TWZ_DOC("What is said of a service that calls back badly"))
{
	int data = 0;

	twz_set_timeout(what == 3 ? 50 : 0);
	if (what == 0)
		back_other_data(add, &data, 16);
	else if (what == 1)
		back_forge_step(add, &data, NULL, 0x62747a77, 3, 40, 7, 32);
	else if (what == 2)
		back_keep(add, &data), back_use_kept(1);
	else if (what == 3)
		back_for_ever(add, &data);
	else
		back_count(NULL, NULL, 1);
	return twz_failed() ? twz_failed()->text : "nothing";
}
