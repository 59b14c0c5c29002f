/*
 * Types as C declares them. A declaration is written from left to right in one pass over the type for
 * what stands before the name and one for what stands behind it; every qualifier is written where its
 * edge is: in "const char *const p" the first const belongs to the pointer's target, the second to
 * whoever holds p.
 *
 * A function that takes functions that take functions … doubles its text with every step, so text and
 * depth have limits, and what is cut says so.
 */
#include "twz/typetext.h"

#include "twz/util.h"

enum { DEPTH_MAX = 64 };

struct writer {
	struct twz_text *out;
	const struct twz_c_style *style;
	bool space;			/* the next word or mark needs a space before it */
};

static void
word(struct writer *w, const char *text)
{
	if (w->space)
		twz_text_byte(w->out, ' ');
	twz_text_puts(w->out, text);
	w->space = true;
}

/* A star, a bracket, a name: after a space if one is due, and none behind. */
static void
mark(struct writer *w, const char *text)
{
	if (w->space)
		twz_text_byte(w->out, ' ');
	twz_text_puts(w->out, text);
	w->space = false;
}

static void
closing(struct writer *w, const char *text)
{
	twz_text_puts(w->out, text);
	w->space = false;
}

static void
qualifiers(struct writer *w, unsigned quals)
{
	if (quals & TWZ_CONST)
		word(w, "const");
	if (quals & TWZ_VOLATILE)
		word(w, "volatile");
	if (quals & TWZ_RESTRICT)
		word(w, w->style->portable ? "__restrict" : "restrict");
	if (quals & TWZ_ATOMIC)
		word(w, w->style->portable ? "TWZ_ATOMIC" : "_Atomic");
}

/* -- what a type is made of ------------------------------------------------------------------------- */

/* is_const also looks through typedefs; where a typedef has the const, nobody wrote it again. */
static unsigned
target_quals(const struct twz_type *t)
{
	const struct twz_type *target = t->target;

	if (!t->is_const || t->quals & TWZ_CONST)
		return t->quals;
	for (unsigned i = 0; target && target->kind == TWZ_TYPEDEF && i < DEPTH_MAX; i++) {
		if (target->quals & TWZ_CONST)
			return t->quals;
		target = target->target;
	}
	return t->quals | TWZ_CONST;
}

bool
twz_c_is_va_list(const struct twz_type *t)
{
	return (t->kind == TWZ_POINTER || t->kind == TWZ_ARRAY) && t->target &&
	       (t->target->kind == TWZ_STRUCT || t->target->kind == TWZ_OPAQUE) && !strcmp(t->target->name, "__va_list_tag");
}

/* The token between a type and what points to it; NULL for what is no pointer. */
static const char *
pointer_mark(const struct twz_type *t)
{
	switch (t->kind) {
	case TWZ_POINTER:
	case TWZ_STRING:
		return "*";
	case TWZ_OPAQUE:
		return t->form == TWZ_FORM_REFERENCE ? "&" : t->form == TWZ_FORM_RVALUE ? "&&" :
		       t->form == TWZ_FORM_MEMBER ? "::*" : NULL;
	case TWZ_VOID:
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
	case TWZ_ARRAY:
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
		break;
	}
	return NULL;
}

static bool
is_array(const struct twz_type *t)
{
	return t->kind == TWZ_ARRAY || (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_VLA);
}

static const struct twz_type *
target_of(const struct twz_type *t)
{
	if (t->target)
		return t->target;
	return t->kind == TWZ_STRING ? &twz_type_char : &twz_type_void;
}

/* -- specifiers ------------------------------------------------------------------------------------- */

static void
tagged(struct writer *w, const char *tag, const char *name)
{
	word(w, tag);
	word(w, *name ? name : "{…}");
}

static void
complex(struct writer *w, const struct twz_type *t)
{
	word(w, t->size == 8 ? "float _Complex" : t->size == 16 ? "double _Complex" :
		t->size == 32 && !strstr(t->name, "128") ? "long double _Complex" :
		*t->name ? t->name : "_Complex");
}

/* Names of basic types that C and C++ compilers write, and what stands for them where C lacks them. */
static const struct basic {
	const char *name, *portable;
	uint32_t size;
} basics[] = {
	{ "int", NULL, 4 }, { "unsigned int", NULL, 4 }, { "char", NULL, 1 }, { "long", NULL, 8 },
	{ "unsigned long", NULL, 8 }, { "unsigned char", NULL, 1 }, { "signed char", NULL, 1 },
	{ "short", NULL, 2 }, { "unsigned short", NULL, 2 }, { "long long", NULL, 8 },
	{ "unsigned long long", NULL, 8 }, { "double", NULL, 8 }, { "float", NULL, 4 },
	{ "long double", NULL, 16 }, { "__int128", NULL, 16 }, { "unsigned __int128", NULL, 16 },
	{ "bool", NULL, 1 }, { "_Bool", "bool", 1 }, { "unsigned", NULL, 4 },
	{ "short int", NULL, 2 }, { "short unsigned int", NULL, 2 }, { "long int", NULL, 8 },
	{ "long unsigned int", NULL, 8 }, { "long long int", NULL, 8 },
	{ "long long unsigned int", NULL, 8 }, { "__int128 unsigned", NULL, 16 },
	{ "_Float16", NULL, 2 }, { "_Float32", NULL, 4 }, { "_Float64", NULL, 8 },
	{ "_Float128", NULL, 16 }, { "_Float32x", NULL, 8 }, { "_Float64x", NULL, 16 },
	{ "__float128", NULL, 16 }, { "__bf16", NULL, 2 }, { "_Decimal32", NULL, 4 },
	{ "_Decimal64", NULL, 8 }, { "_Decimal128", NULL, 16 }, { "wchar_t", "__WCHAR_TYPE__", 4 },
	{ "char8_t", "unsigned char", 1 }, { "char16_t", "__CHAR16_TYPE__", 2 },
	{ "char32_t", "__CHAR32_TYPE__", 4 },
};

/* "i32" of Rust, "integer(kind=4)" of Fortran: the type of C's that is passed in the same way. */
static const char *
same_in_c(const struct twz_type *t)
{
	static const char *const integers[2][5] = {
		{ "unsigned char", "unsigned short", "unsigned int", "unsigned long", "unsigned __int128" },
		{ "signed char", "short", "int", "long", "__int128" },
	};
	unsigned row = 0;

	while (row < 5 && (uint32_t)1 << row != t->size)
		row++;
	if (t->kind == TWZ_FLOAT)
		return t->size == 4 ? "float" : t->size == 8 ? "double" : t->size == 16 ? "long double" : NULL;
	if (t->kind == TWZ_BOOL && t->size == 1)
		return "bool";
	if (t->kind == TWZ_INT || t->kind == TWZ_BOOL || (t->kind == TWZ_CHAR && t->size != 1))
		return row < 5 ? integers[t->is_signed && t->kind == TWZ_INT][row] : NULL;
	return NULL;
}

bool
twz_c_is_basic(const struct twz_type *t)
{
	for (size_t i = 0; i < TWZ_COUNT(basics); i++)
		if (basics[i].size == t->size && !strcmp(basics[i].name, t->name))
			return true;
	return same_in_c(t);
}

static const char *
basic_name(const struct twz_type *t, bool portable)
{
	const char *other;

	if (t->kind == TWZ_CHAR && t->size == 1)
		return "char";
	for (size_t i = 0; i < TWZ_COUNT(basics); i++)
		if (basics[i].size == t->size && !strcmp(basics[i].name, t->name))
			return portable && basics[i].portable ? basics[i].portable : basics[i].name;
	other = same_in_c(t);
	return other ? other : *t->name ? t->name : "void";
}

static void left(struct writer *w, const struct twz_type *t, unsigned quals, unsigned depth);

static void
opaque(struct writer *w, const struct twz_type *t, unsigned depth)
{
	switch (t->form) {
	case TWZ_FORM_STRUCT:
		tagged(w, "struct", t->name);
		return;
	case TWZ_FORM_UNION:
		tagged(w, "union", t->name);
		return;
	case TWZ_FORM_ENUM:
		tagged(w, "enum", t->name);
		return;
	case TWZ_FORM_VECTOR:
		if (t->target)
			left(w, t->target, 0, depth + 1);
		mark(w, "__attribute__((vector_size(");
		twz_text_unsigned(w->out, t->size);
		word(w, ")))");
		return;
	case TWZ_FORM_COMPLEX:
		complex(w, t);
		return;
	case TWZ_FORM_NONE:
	case TWZ_FORM_CLASS:
	case TWZ_FORM_REFERENCE:
	case TWZ_FORM_RVALUE:
	case TWZ_FORM_MEMBER:
	case TWZ_FORM_VLA:
	case TWZ_FORM_BASE:
	case TWZ_FORM_OTHER:
		break;
	}
	word(w, t->form == TWZ_FORM_BASE ? basic_name(t, w->style->portable) : *t->name ? t->name : "void");
}

static void
base(struct writer *w, const struct twz_type *t, unsigned depth)
{
	if (w->style->base) {
		if (w->space)
			twz_text_byte(w->out, ' ');
		w->space = false;
		if (w->style->base(w->style->data, w->out, t)) {
			w->space = true;
			return;
		}
	}
	switch (t->kind) {
	case TWZ_STRUCT:
	case TWZ_RESULT:
	case TWZ_OPTION:
		tagged(w, "struct", t->name);
		return;
	case TWZ_UNION:
		tagged(w, "union", t->name);
		return;
	case TWZ_ENUM:
		tagged(w, "enum", t->name);
		return;
	case TWZ_OPAQUE:
		opaque(w, t, depth);
		return;
	case TWZ_VOID:
	case TWZ_LIST:
	case TWZ_RECORD:
		word(w, "void");
		return;
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
		word(w, basic_name(t, w->style->portable));
		return;
	case TWZ_TYPEDEF:
	case TWZ_STRING:
	case TWZ_POINTER:
	case TWZ_ARRAY:
	case TWZ_FUNC:
		break;
	}
	word(w, *t->name ? t->name : "void");
}

/* -- declarators ------------------------------------------------------------------------------------ */

/* Whether both passes stop here: they must agree about it. */
static bool
is_leaf(const struct twz_type *t, unsigned depth)
{
	return depth > DEPTH_MAX || twz_c_is_va_list(t) ||
	       (t->kind != TWZ_FUNC && !is_array(t) && !pointer_mark(t));
}

/* Around a pointer to an array or to a function go parentheses. */
static bool
needs_parentheses(const struct twz_type *pointer, unsigned depth)
{
	const struct twz_type *target = target_of(pointer);

	return depth < DEPTH_MAX && (target->kind == TWZ_FUNC || is_array(target)) && !twz_c_is_va_list(target);
}

static void
left(struct writer *w, const struct twz_type *t, unsigned quals, unsigned depth)
{
	const char *pointer = pointer_mark(t);

	if (w->out->truncated)
		return;
	if (is_leaf(t, depth)) {
		qualifiers(w, quals);
		if (depth > DEPTH_MAX)
			word(w, "…");
		else if (twz_c_is_va_list(t))
			word(w, "__builtin_va_list");
		else
			base(w, t, depth);
		return;
	}
	left(w, target_of(t), target_quals(t) | (is_array(t) ? quals : 0), depth + 1);
	if (!pointer)
		return;
	if (needs_parentheses(t, depth))
		mark(w, "(");
	if (*pointer == ':') {
		word(w, t->name);
		closing(w, pointer);
	} else {
		mark(w, pointer);
	}
	qualifiers(w, quals);
}

/* What an argument becomes on its way to a function without a prototype. */
static const struct twz_type *
promoted(const struct twz_type *type)
{
	const struct twz_type *t = twz_type_strip(type);

	if (t->kind == TWZ_FLOAT && t->size < 8)
		return &twz_type_f64;
	if ((t->kind == TWZ_INT || t->kind == TWZ_BOOL || t->kind == TWZ_CHAR || t->kind == TWZ_ENUM) &&
	    t->size < 4)
		return &twz_type_i32;
	return type;
}

static void declare(struct writer *w, const struct twz_type *t, unsigned quals, const char *name,
		    unsigned depth);

static void
parameters(struct writer *w, const struct twz_type *t, unsigned depth)
{
	const struct twz_c_style *style = w->style;

	mark(w, "(");
	for (uint32_t i = 0; i < t->nmembers && !w->out->truncated; i++) {
		const struct twz_member *m = &t->members[i];
		const struct twz_type *type = m->type ? m->type : &twz_type_void;

		if (i)
			closing(w, ", ");
		declare(w, style->promote && !t->is_prototyped ? promoted(type) : type, m->quals,
			style->param ? style->param(style->data, t, i) : m->name, depth);
	}
	/* Before C23 nothing but dots is no list of parameters; without any it says less, and nothing wrong. */
	if (t->is_variadic && (t->nmembers || (t->is_prototyped && !style->portable)))
		closing(w, t->nmembers ? ", ..." : "...");
	else if (!t->nmembers && t->is_prototyped && !t->is_variadic)
		word(w, "void");
	closing(w, ")");
}

static void
right(struct writer *w, const struct twz_type *t, unsigned depth)
{
	/* In a loop, not by recursion: only parameters nest. */
	for (; !is_leaf(t, depth) && !w->out->truncated; t = target_of(t), depth++) {
		if (t->kind == TWZ_FUNC) {
			parameters(w, t, depth + 1);
		} else if (!is_array(t)) {
			if (needs_parentheses(t, depth))
				closing(w, ")");
		} else {
			mark(w, "[");
			if (t->kind == TWZ_ARRAY && t->count)
				twz_text_unsigned(w->out, t->count);
			twz_text_byte(w->out, ']');
		}
	}
}

static void
declare(struct writer *w, const struct twz_type *t, unsigned quals, const char *name, unsigned depth)
{
	left(w, t, quals, depth);
	if (*name)
		mark(w, name);
	right(w, t, depth);
}

bool
twz_c_text(struct twz_text *out, const struct twz_type *type, unsigned quals, const char *name,
	   const struct twz_c_style *style)
{
	static const struct twz_c_style plain = { 0 };
	struct writer w = { .out = out, .style = style ? style : &plain };
	size_t before = twz_text_limit(out, TWZ_SIGNATURE_MAX);

	declare(&w, type ? type : &twz_type_void, quals, name, 0);
	return twz_text_unlimit(out, before, "…truncated");
}

void
twz_c_declare(FILE *out, const struct twz_type *type, const char *name)
{
	TWZ_TEXT text = { 0 };

	twz_c_text(&text, type, 0, name, NULL);
	twz_text_write(&text, out);
}
