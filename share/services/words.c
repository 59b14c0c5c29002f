/*
 * Callbacks: gates that call functions of whoever calls them, until they return.
 *
 *	words::each "to be or not" {|word, index| echo $index $word; 0}
 */
#include <stdlib.h>
#include <string.h>

#include <twz/gate.h>

TWZ_SERVICE("words", "1.0", "Calls back its caller");

typedef int visit(const char *word, int index, void *data);

TWZ_GATE(int, each, (const char *text, visit *see, void *data),
	 TWZ_DOC("Shows each word of a text until the answer is not 0; how many it showed"),
	 TWZ_CALLBACK(see, data), TWZ_CALLBACK_PARAMS(see, word, index, data))
{
	int n = 0, stop = 0;
	char *copy = strdup(text), *rest = copy;

	for (char *word; !stop && copy && (word = strtok_r(rest, " ", &rest));)
		stop = see(word, n++, data);
	free(copy);
	return n;
}

typedef int compare(const int *a, const int *b);

TWZ_GATE(void, sort, (int *items, size_t n, compare *order),
	 TWZ_DOC("Sorts numbers by what a function says of two of them: negative, 0 or positive"),
	 TWZ_INOUT(items, n), TWZ_CALLBACK(order), TWZ_CALLBACK_PARAMS(order, a, b),
	 TWZ_CALLBACK_IN(order, a, 1), TWZ_CALLBACK_IN(order, b, 1))
{
	qsort(items, n, sizeof(*items), (int (*)(const void *, const void *))order);
}

TWZ_GATE(double, area, (double (*f)(double x), double from, double to, int steps),
	 TWZ_DOC("The area under a function, by the middle of so many steps"), TWZ_CALLBACK(f),
	 TWZ_CALLBACK_PARAMS(f, x), TWZ_READONLY)
{
	double width = (to - from) / (steps > 0 ? steps : 1), sum = 0;

	for (int i = 0; i < steps; i++)
		sum += f(from + (i + 0.5) * width);
	return sum * width;
}
