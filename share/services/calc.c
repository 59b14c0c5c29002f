/*
 * calc: one gate for each kind of thing that can cross. Read it as the list of what a signature may
 * hold; nothing here needs more than plain C.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("calc", "1.0", "Arithmetic, and an example of every type that can cross");

/* -- numbers: what does not fit wraps around, in every width ---------------------------------------- */

TWZ_GATE(int, add, (int a, int b), TWZ_DOC("Adds two numbers"), TWZ_READONLY)
{
	return (int)((unsigned int)a + (unsigned int)b);
}

/* The sum is formed in u64, where overflow is defined, and cut to the width of the gate. */
#define ADD(name, type) \
	TWZ_GATE(type, name, (type a, type b), TWZ_DOC("Adds two numbers of this width"), TWZ_READONLY) \
	{ \
		return (type)((uint64_t)a + (uint64_t)b); \
	}
ADD(add_i8, int8_t)
ADD(add_i16, int16_t)
ADD(add_i32, int32_t)
ADD(add_i64, int64_t)
ADD(add_u8, uint8_t)
ADD(add_u16, uint16_t)
ADD(add_u32, uint32_t)
ADD(add_u64, uint64_t)

TWZ_GATE(float, add_f32, (float a, float b), TWZ_DOC("Adds two floats"), TWZ_READONLY)
{
	return a + b;
}

TWZ_GATE(double, add_f64, (double a, double b), TWZ_DOC("Adds two doubles"), TWZ_READONLY)
{
	return a + b;
}

TWZ_GATE(bool, both, (bool a, bool b), TWZ_DOC("Says whether both are true"), TWZ_READONLY)
{
	return a && b;
}

TWZ_GATE(char, next_char, (char c), TWZ_DOC("The character after this one"), TWZ_READONLY)
{
	return (char)(c + 1);
}

/* -- enums and flags -------------------------------------------------------------------------------- */

enum color { RED = 0, GREEN = 5, BLUE = 6 };

TWZ_GATE(enum color, next_color, (enum color color), TWZ_DOC("The color after this one"), TWZ_READONLY)
{
	switch (color) {
	case RED:
		return GREEN;
	case GREEN:
		return BLUE;
	case BLUE:
		break;
	}
	return RED;
}

enum access { READ = 1, WRITE = 2, EXECUTE = 4 };
TWZ_FLAGS(enum access, access);

TWZ_GATE(enum access, without, (enum access have, enum access drop),
	 TWZ_DOC("The access that is left without some of it"), TWZ_READONLY)
{
	return (enum access)(have & ~(unsigned int)drop);
}

/* -- strings: a result stays valid until the thread's next call, so one buffer per thread is enough - */

static char *
room(size_t size)
{
	static _Thread_local char *buffer;
	char *grown = realloc(buffer, size);

	if (!grown)
		abort();
	buffer = grown;
	return grown;
}

TWZ_GATE(size_t, length, (const char *text), TWZ_DOC("Bytes in a text"), TWZ_READONLY)
{
	return strlen(text);
}

TWZ_GATE(const char *, upper, (const char *text), TWZ_DOC("A text in capitals (ASCII)"), TWZ_READONLY)
{
	char *out = room(strlen(text) + 1);
	size_t i;

	for (i = 0; text[i]; i++)
		out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	out[i] = '\0';
	return out;
}

TWZ_GATE(const char *, concat, (const char *a, const char *b), TWZ_DOC("One text after another"),
	 TWZ_READONLY)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *out = room(n);

	snprintf(out, n, "%s%s", a, b);
	return out;
}

TWZ_GATE(const char *, greet, (const char *name), TWZ_DOC("A greeting; the name may be missing"),
	 TWZ_OPTIONAL(name), TWZ_READONLY)
{
	size_t n = strlen(name ? name : "whoever you are") + sizeof("Hello, ");
	char *out = room(n);

	snprintf(out, n, "Hello, %s", name ? name : "whoever you are");
	return out;
}

/* -- structs: by value, by pointer, with arrays, texts and structs inside ---------------------------- */

struct point {
	double x, y;
};

TWZ_GATE(struct point, midpoint, (struct point a, struct point b),
	 TWZ_DOC("The point in the middle, by value"), TWZ_READONLY)
{
	return (struct point){ (a.x + b.x) / 2, (a.y + b.y) / 2 };
}

TWZ_GATE(double, dot, (const struct point *a, const struct point *b),
	 TWZ_DOC("The inner product, by pointer"), TWZ_READONLY)
{
	return a->x * b->x + a->y * b->y;
}

TWZ_GATE(void, shift, (struct point *point, double by), TWZ_DOC("Moves a point along both axes"),
	 TWZ_INOUT(point, 1), TWZ_READONLY)
{
	point->x += by;
	point->y += by;
}

struct triangle {
	struct point corners[3];
};

TWZ_GATE(struct point, center, (const struct triangle *triangle),
	 TWZ_DOC("The center of gravity of a triangle"), TWZ_READONLY)
{
	const struct point *c = triangle->corners;

	return (struct point){ (c[0].x + c[1].x + c[2].x) / 3, (c[0].y + c[1].y + c[2].y) / 3 };
}

struct sample {
	uint64_t largest;
	int64_t smallest;
	enum color color;
	enum access access;
	uint16_t primes[4];
	char tag[8];
	const char *text;
	bool sure;
};

TWZ_GATE(struct sample, sample, (void), TWZ_DOC("One struct with something of everything"),
	 TWZ_READONLY)
{
	return (struct sample){
		.largest = UINT64_MAX,
		.smallest = INT64_MIN,
		.color = GREEN,
		.access = (enum access)(READ | EXECUTE),
		.primes = { 2, 3, 5, 7 },
		.tag = "twz",
		.text = "Grüße, 世界 🌍",
		.sure = true,
	};
}

TWZ_GATE(struct sample, echo_sample, (const struct sample *sample),
	 TWZ_DOC("Gives back what it was given"), TWZ_READONLY)
{
	return *sample;
}

/* -- buffers: the record says how many elements, and which way they go ------------------------------- */

TWZ_GATE(int64_t, sum, (const int32_t *values, size_t count), TWZ_DOC("Adds up any number of numbers"),
	 TWZ_IN(values, count), TWZ_READONLY)
{
	int64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += values[i];
	return total;
}

TWZ_GATE(void, fill, (uint8_t *bytes, size_t count, uint8_t value),
	 TWZ_DOC("As many bytes of one value as asked for"), TWZ_OUT(bytes, count), TWZ_READONLY)
{
	memset(bytes, value, count);
}

static int
compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

TWZ_GATE(void, sort, (int32_t *values, size_t count), TWZ_DOC("Numbers in ascending order"),
	 TWZ_INOUT(values, count), TWZ_READONLY)
{
	qsort(values, count, sizeof(*values), compare);
}

/* -- options and results ----------------------------------------------------------------------------- */

TWZ_OPTION(place, size_t);

TWZ_GATE(struct place, find, (const int32_t *values, size_t count, int32_t wanted),
	 TWZ_DOC("Where a number stands, if it does"), TWZ_IN(values, count), TWZ_READONLY)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i] == wanted)
			return place_some(i);
	}
	return place_none();
}

enum MathError { DivisionByZero = 1, Overflow };
TWZ_ERROR_TEXT(DivisionByZero, "Division by zero");
TWZ_ERROR_TEXT(Overflow, "The result does not fit");

TWZ_RESULT(quotient, int32_t, enum MathError);

TWZ_GATE(struct quotient, divide, (int32_t a, int32_t b), TWZ_DOC("Divides, rounding towards zero"),
	 TWZ_READONLY)
{
	if (b == 0)
		return quotient_err(DivisionByZero);
	if (a == INT32_MIN && b == -1)
		return quotient_err(Overflow);
	return quotient_ok(a / b);
}

/* -- big results ------------------------------------------------------------------------------------- */

struct table {
	uint32_t rows[16384];
};

TWZ_GATE(struct table, squares, (void), TWZ_DOC("A struct of 64 KiB: the squares from 0 on"),
	 TWZ_READONLY)
{
	struct table table;

	for (uint32_t i = 0; i < sizeof(table.rows) / sizeof(table.rows[0]); i++)
		table.rows[i] = i * i;
	return table;
}

TWZ_GATE(const char *, repeat, (const char *text, uint32_t times),
	 TWZ_DOC("The same text again and again"), TWZ_READONLY)
{
	size_t n = strlen(text);
	char *out = room(n * times + 1);

	for (uint32_t i = 0; i < times; i++)
		memcpy(out + i * n, text, n);
	out[n * times] = '\0';
	return out;
}
