/*
 * Names for the types of a library in one C text. Libraries are made of many units, and each may call
 * its own struct "node": types of one name and one layout are one type here, and each further layout
 * gets a name of its own, "node__2", so that no function is left out for it. What is no word in C, or
 * a keyword, gets underscores; what is a keyword only in C++ keeps its name in C.
 */
#include "introspect/show/ctext.h"

#include <string.h>

enum { MAX_DEPTH = 64, MAX_CHAIN = 150, MAX_VARIANTS = 200, MAX_STEPS = 20000, MAX_WORD = 60000 };

/* No names in C, or macros of the headers that every text includes. */
static const char *const c_words[] = {
	"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
	"enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
	"restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
	"union", "unsigned", "void", "volatile", "while", "_Alignas", "_Alignof", "_Atomic", "_Bool",
	"_Complex", "_Generic", "_Imaginary", "_Noreturn", "_Static_assert", "_Thread_local",
	"bool", "true", "false", "asm", "typeof", "NULL", "offsetof", "linux", "unix",
	"alignas", "alignof", "constexpr", "nullptr", "static_assert", "thread_local", "typeof_unqual",
	"__int128", "__asm__", "__attribute__", "__const", "__inline", "__restrict", "__volatile__",
	"TWZ_ASSERT", "TWZ_ATOMIC", "TWZ_CXX", "TWZ_OUTER", "TWZ_BOTH",
};

static const char *const cxx_words[] = {
	"and", "and_eq", "bitand", "bitor", "catch", "char8_t", "char16_t", "char32_t", "class",
	"compl", "concept", "const_cast", "consteval", "constinit", "co_await", "co_return",
	"co_yield", "decltype", "delete", "dynamic_cast", "explicit", "export", "friend", "mutable",
	"namespace", "new", "noexcept", "not", "not_eq", "operator", "or", "or_eq", "private",
	"protected", "public", "reinterpret_cast", "requires", "static_cast", "template", "this",
	"throw", "try", "typeid", "typename", "using", "virtual", "wchar_t", "xor", "xor_eq",
};

/* What <stddef.h> and <stdint.h> say on this machine; the same name for anything else must give way. */
static const struct standard {
	const char *name;
	uint32_t size;
	bool is_signed;
} standard[] = {
	{ "int8_t", 1, true }, { "int16_t", 2, true }, { "int32_t", 4, true }, { "int64_t", 8, true },
	{ "uint8_t", 1, false }, { "uint16_t", 2, false }, { "uint32_t", 4, false },
	{ "uint64_t", 8, false }, { "intptr_t", 8, true }, { "uintptr_t", 8, false },
	{ "intmax_t", 8, true }, { "uintmax_t", 8, false }, { "size_t", 8, false },
	{ "ptrdiff_t", 8, true }, { "wchar_t", 4, true }, { "int_least8_t", 1, true },
	{ "int_least16_t", 2, true }, { "int_least32_t", 4, true }, { "int_least64_t", 8, true },
	{ "uint_least8_t", 1, false }, { "uint_least16_t", 2, false }, { "uint_least32_t", 4, false },
	{ "uint_least64_t", 8, false }, { "int_fast8_t", 1, true }, { "int_fast16_t", 8, true },
	{ "int_fast32_t", 8, true }, { "int_fast64_t", 8, true }, { "uint_fast8_t", 1, false },
	{ "uint_fast16_t", 8, false }, { "uint_fast32_t", 8, false }, { "uint_fast64_t", 8, false },
	{ "__builtin_va_list", 24, false }, { "bool", 1, false },
};

/* Structs without a tag under names that the same headers may give: whoever else has them gives way. */
static const char *const foreign[] = { "__fsid_t", "max_align_t", "nullptr_t" };

static bool
is_among(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (words[i][0] == word[0] && !strcmp(words[i], word))
			return true;
	return false;
}

bool
ctext_is_aggregate(const struct twz_type *type)
{
	return type->kind == TWZ_STRUCT || type->kind == TWZ_UNION || type->kind == TWZ_RESULT ||
	       type->kind == TWZ_OPTION;
}

bool
ctext_is_tagged(const struct twz_type *t)
{
	return ctext_is_aggregate(t) || t->kind == TWZ_ENUM ||
	       (t->kind == TWZ_OPAQUE && (t->form == TWZ_FORM_NONE || t->form == TWZ_FORM_STRUCT ||
					  t->form == TWZ_FORM_UNION || t->form == TWZ_FORM_ENUM ||
					  t->form == TWZ_FORM_CLASS || t->form == TWZ_FORM_OTHER));
}

/* -- words ------------------------------------------------------------------------------------------ */

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *
ctext_word(struct ctext *c, const char *raw, bool *cxx)
{
	size_t n = strlen(raw), bad = 0;
	char *word;

	*cxx = is_among(cxx_words, TWZ_COUNT(cxx_words), raw);
	while (is_word_byte(raw[bad]))
		bad++;
	if (bad == n && n && n < MAX_WORD && !(*raw >= '0' && *raw <= '9'))
		return is_among(c_words, TWZ_COUNT(c_words), raw) ?
		       twz_format(c->arena, "%s_", raw) : raw;
	word = twz_format(c->arena, "%s%.500s", *raw >= '0' && *raw <= '9' ? "_" : "", raw);
	n = 0;
	/* "ns::Box<int>" becomes ns_Box_int. */
	for (const char *from = word; *from; from++)
		if (!n && *from >= '0' && *from <= '9') {
			/* What stood before it is left out, so there is room. */
			word[n++] = '_';
			word[n++] = *from;
		} else if (is_word_byte(*from)) {
			word[n++] = *from;
		} else if (n && word[n - 1] != '_') {
			word[n++] = '_';
		}
	while (n > 1 && word[n - 1] == '_')
		n--;
	word[n] = '\0';
	return n ? word : "_";
}

void
ctext_put_word(struct twz_text *out, const char *word, bool cxx)
{
	twz_text_puts(out, cxx ? "TWZ_CXX(" : "");
	twz_text_puts(out, word);
	twz_text_puts(out, cxx ? ")" : "");
}

/* The first of NAME, NAME__2, NAME__3 … that is free; it is @owner's from now on. */
static const char *
take(struct ctext *c, struct map *taken, const char *name, const void *owner)
{
	const char *tried = name;
	void **place;

	for (unsigned i = 2; *(place = map_text(taken, tried)) && *place != owner; i++)
		tried = twz_format(c->arena, "%s__%u", name, i);
	*place = (void *)(uintptr_t)owner;
	return tried;
}

void
ctext_reserve(struct ctext *c, const char *name)
{
	*map_text(&c->taken, name) = (void *)(uintptr_t)name;
}

const char *
ctext_enumerator(struct ctext *c, const struct twz_member *m, bool *cxx)
{
	return take(c, &c->taken, ctext_word(c, m->name, cxx), m);
}

/* -- which types are one ---------------------------------------------------------------------------- */

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

static uint64_t
mix_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return mix(hash, 1);
}

static uint64_t edge(struct ctext *c, const struct twz_type *t, bool far, unsigned depth);

static uint64_t
mix_members(struct ctext *c, uint64_t hash, const struct twz_type *t, bool far, unsigned depth)
{
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		if (t->kind != TWZ_FUNC)
			hash = mix_text(mix(hash, m->offset), m->name);
		hash = mix(hash, (uint64_t)m->value ^ (uint64_t)m->bit_size << 32 ^
				 (uint64_t)m->bit_offset << 48);
		hash = mix(hash, m->quals);
		if (m->type)
			hash = mix(hash, edge(c, m->type, far, depth + 1));
	}
	return hash;
}

/*
 * What the user of a type knows about it. Behind a pointer that is its name, or the one that it was given
 * when the types were looked at before: so a struct list of nodes and one of other nodes are two types,
 * and no circle of pointers has to be followed.
 */
static uint64_t
edge(struct ctext *c, const struct twz_type *t, bool far, unsigned depth)
{
	uint64_t hash = mix(t->kind == TWZ_STRING ? TWZ_POINTER : t->kind, t->size);
	bool pointer = t->kind == TWZ_POINTER || t->kind == TWZ_STRING || t->kind == TWZ_FUNC;

	if (depth > MAX_DEPTH || !c->steps)
		return 0;
	c->steps--;
	if ((ctext_is_tagged(t) || t->kind == TWZ_TYPEDEF) && *t->name)
		return mix_text(t->kind == TWZ_TYPEDEF, !far ? ctext_name(c, t)->name :
				c->before ? ctext_name(c->before, t)->name : t->name);
	if (ctext_is_tagged(t)) {
		struct ctext_name *name = ctext_name(c, t);

		if (!name->shape) {
			name->shape = 1;
			name->shape = mix_members(c, hash, t, false, depth);
		}
		return name->shape;
	}
	hash = mix(mix_text(mix(hash, t->quals ^ (uint64_t)t->is_const << 8), t->name), t->count);
	hash = mix(hash, t->form);
	if (t->target)
		hash = mix(hash, edge(c, t->target, far || pointer, depth + 1));
	return t->kind == TWZ_FUNC ? mix_members(c, hash, t, true, depth) : hash;
}

/* @type's own layout, of which the name says nothing. */
static uint64_t
shape_of(struct ctext *c, const struct twz_type *t)
{
	uint64_t hash = mix(mix(t->kind, t->size), t->align);

	if (t->kind == TWZ_TYPEDEF)
		return t->target ? mix(mix(hash, t->quals), edge(c, t->target, false, 0)) : hash;
	return mix_members(c, hash, t, false, 0);
}

static bool
is_known(const struct ctext_name *name)
{
	const struct twz_type *t = name->type->kind == TWZ_TYPEDEF ? twz_type_strip(name->type) : NULL;

	for (size_t i = 0; t && i < TWZ_COUNT(standard); i++)
		if (!strcmp(standard[i].name, name->raw))
			return t->size == standard[i].size &&
			       (t->kind == TWZ_INT ? t->is_signed == standard[i].is_signed :
				t->size == 24 || t->kind == TWZ_BOOL || t->kind == TWZ_ARRAY);
	return false;
}

/* A type of another kind cannot be what was seen under this tag before. */
const char *
ctext_tag(const struct twz_type *t)
{
	if (t->kind == TWZ_ENUM || (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_ENUM))
		return "enum";
	if (t->kind == TWZ_UNION || (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_UNION))
		return "union";
	return "struct";
}

bool
ctext_is_cxx_type(const char *name)
{
	return !strcmp(name, "wchar_t") || !strcmp(name, "char16_t") || !strcmp(name, "char32_t");
}

static void
choose_name(struct ctext *c, struct ctext_name *name)
{
	const char *word = ctext_word(c, name->raw, &name->cxx);

	if (name->is_tag) {
		name->name = take(c, &c->taken_tags, word, name);
	} else if (is_known(name)) {
		name->name = name->raw;
		name->is_known = true;
		*map_text(&c->typedefs, name->name) = name;
		name->cxx = false;
	} else {
		if (is_among(foreign, TWZ_COUNT(foreign), word))
			ctext_reserve(c, word);
		for (size_t i = 0; i < TWZ_COUNT(standard); i++)
			if (!strcmp(standard[i].name, word))
				ctext_reserve(c, standard[i].name);
		name->name = take(c, &c->taken, word, name);
		*map_text(&c->typedefs, name->name) = name;
		/* C++ has these by itself, and the typedef is for C only. */
		name->cxx &= !ctext_is_cxx_type(name->name);
	}
}

static const char too_many[] = "there are too many types of one name";
static const char too_deep[] = "it reaches types that are nested too deeply";

static struct ctext_name *
add_name(struct ctext *c, const struct twz_type *t, uint64_t shape, unsigned variants)
{
	struct map *table = ctext_is_tagged(t) ? &c->tags : &c->ordinary;
	struct ctext_name *name = twz_new(c->arena, struct ctext_name);
	void **first = map_text(table, t->name);

	*name = (struct ctext_name){ .type = t, .raw = t->name, .is_tag = ctext_is_tagged(t),
				     .shape = shape, .is_complete = t->kind != TWZ_OPAQUE, .name = "" };
	c->variants += *first && *t->name;
	if (*first) {	/* stays in front: it has the raw name */
		struct ctext_name *head = *first;

		name->next = head->next;
		head->next = name;
	} else {
		*first = name;
	}
	if (variants > MAX_VARIANTS || c->depth > MAX_CHAIN) {
		name->why = name->why_value = c->depth > MAX_CHAIN ? too_deep : too_many;
		name->judged = name->judged_value = JUDGED;
		name->name = name->raw;
	} else if (*t->name) {
		choose_name(c, name);
	}
	return name;
}

/* The type that was seen under the same name with the same layout, or a new one. */
static struct ctext_name *
find_name(struct ctext *c, const struct twz_type *t)
{
	bool tag = ctext_is_tagged(t), complete = t->kind != TWZ_OPAQUE;
	unsigned steps = c->steps, variants = 0;
	uint64_t shape = 0;
	struct ctext_name *name;

	if (complete && c->depth <= MAX_CHAIN) {
		c->steps = MAX_STEPS;
		shape = shape_of(c, t);
		c->steps = steps;
	}
	for (name = map_find(tag ? &c->tags : &c->ordinary, t->name); name; name = name->next) {
		variants++;
		if (tag && strcmp(ctext_tag(name->type), ctext_tag(t)))
			continue;
		if (!complete || (name->is_complete && name->shape == shape))
			return name;
		if (name->is_complete)
			continue;
		name->type = t;		/* until now it was only declared */
		name->shape = shape;
		return name->is_complete = true, name;
	}
	return add_name(c, t, shape, variants);
}

struct ctext_name *
ctext_name(struct ctext *c, const struct twz_type *type)
{
	struct ctext_name *name = *map_pointer(&c->nodes, type);

	if (name || (!ctext_is_tagged(type) && type->kind != TWZ_TYPEDEF))
		return name;
	if (!*type->name && type->kind != TWZ_ENUM) {
		name = twz_new(c->arena, struct ctext_name);
		*name = (struct ctext_name){ .type = type, .raw = "", .name = "",
					     .is_tag = ctext_is_tagged(type),
					     .is_complete = type->kind != TWZ_OPAQUE };
	} else {
		/* In the table at once, so that a type that holds itself finds an end. */
		struct ctext_name unfinished = { .type = type, .raw = type->name, .name = type->name };

		*map_pointer(&c->nodes, type) = &unfinished;
		c->depth++;
		name = find_name(c, type);
		c->depth--;
	}
	*map_pointer(&c->nodes, type) = name;
	return name;
}

void
ctext_make_tag(struct ctext *c, struct ctext_name *name)
{
	name->name = take(c, &c->taken_tags, twz_format(c->arena, "twz_unnamed_%u", ++c->nunnamed), name);
}

/* -- spelling --------------------------------------------------------------------------------------- */

/* In C++ a tag is a type's name as well, so that a typedef of another type must not have it. */
static void
settle(struct ctext *c, struct ctext_name *name)
{
	const struct ctext_name *other = map_find(&c->ordinary, *name->raw ? name->raw : name->name);

	name->settled = true;
	for (; other; other = other->next)
		if (!strcmp(other->name, name->name) &&
		    (!other->type->target || ctext_name(c, other->type->target) != name))
			name->cxx = true;
}

void
ctext_spell(struct ctext *c, struct twz_text *out, struct ctext_name *name)
{
	if (name->is_tag) {
		if (!name->settled)
			settle(c, name);
		twz_text_puts(out, ctext_tag(name->type));
		twz_text_byte(out, ' ');
	} else if (c->mark && name->field_mark == c->mark) {
		twz_text_puts(out, "TWZ_OUTER ");
	}
	ctext_put_word(out, name->name, name->cxx);
}

const char *
ctext_field(struct ctext *c, const struct twz_type *owner, uint32_t i, uintptr_t scope, bool *cxx)
{
	const struct twz_member *m = &owner->members[i];
	const char *word;
	void **last;

	*cxx = false;
	if (!*m->name)
		return m->bit_size || (m->type && ctext_is_aggregate(m->type) && !*m->type->name) ? "" :
		       twz_format(c->arena, "twz_unnamed%u", i);
	word = ctext_word(c, m->name, cxx);
	last = map_text(&c->fields, word);
	if (*last == (void *)scope)
		return twz_format(c->arena, "%s__%u", word, i);
	*last = (void *)scope;
	return word;
}

const char *
ctext_param(struct ctext *c, const struct twz_type *func, uint32_t i)
{
	const char *raw = func->members[i].name;
	bool cxx, again = false;

	if (!*raw)
		return raw;
	raw = ctext_word(c, raw, &cxx);
	for (uint32_t k = 0; k < i && i < 256; k++)
		again |= !strcmp(func->members[k].name, func->members[i].name);
	if (again || i >= 256)
		return twz_format(c->arena, "%s_%u", raw, i + 1);
	return cxx || map_find(&c->typedefs, raw) ? twz_format(c->arena, "%s_", raw) : raw;
}
