/* A service written in C++: the same macros, exported under plain names. */
#include <string>
#include <twz/gate.h>

TWZ_SERVICE("shapes", "1.0", "A service in C++");

struct size {
	double width, height;
};

TWZ_GATE(double, area, (const struct size *size), TWZ_DOC("The area of a rectangle"), TWZ_READONLY)
{
	return size->width * size->height;
}

enum ShapeError { Negative = 1 };
TWZ_ERROR_TEXT(Negative, "A side is negative");
TWZ_RESULT(size_result, struct size, enum ShapeError);
TWZ_OPTION(maybe_side, double);

TWZ_GATE(struct size_result, scale, (struct size size, double by), TWZ_DOC("A larger rectangle"))
{
	if (by < 0)
		return size_result_err(Negative);
	return size_result_ok({ size.width * by, size.height * by });
}

TWZ_GATE(struct maybe_side, side_of, (double square), TWZ_DOC("The side of a square"), TWZ_READONLY,
	 TWZ_VISIBILITY(public))
{
	return square < 0 ? maybe_side_none() : maybe_side_some(__builtin_sqrt(square));
}

typedef bool keep_side(double side, void *data);

TWZ_GATE(uint32_t, count_if, (const double *sides, size_t n, keep_side *keep, void *data),
	 TWZ_DOC("How many sides are kept"), TWZ_IN(sides, n), TWZ_CALLBACK(keep, data),
	 TWZ_CALLBACK_PARAMS(keep, side, data))
{
	uint32_t kept = 0;

	for (size_t i = 0; i < n; i++)
		kept += keep(sides[i], data);
	return kept;
}

TWZ_GATE(void, halve, (double *sides, size_t n), TWZ_DOC("Halves lengths"), TWZ_INOUT(sides, n))
{
	for (size_t i = 0; i < n; i++)
		sides[i] /= 2;
}

TWZ_GATE(const char *, describe, (const char *name, const char *secret), TWZ_DOC("A sentence"),
	 TWZ_SECRET(secret), TWZ_OPTIONAL(name))
{
	static std::string text;

	text = std::string(name ? name : "nothing") + " has " + std::to_string(std::string(secret).size());
	return text.c_str();
}
