/*
 * Order. What is used by value is written before its user, what is only pointed to gets a forward
 * declaration and its definition at the end; so no definition waits for itself. Before anything is
 * written, each type is judged: what C has no words for makes the function that needs it inexpressible,
 * with the reason, unless it is only a field, whose place can be kept by bytes.
 */
#include "introspect/show/ctext.h"

#include <inttypes.h>
#include <string.h>

enum {
	MAX_NESTING = 60, MAX_HEIGHT = 150, MAX_STEPS = 20000, MAX_INDENT = 40, MAX_INLINE = 20000,
	MAX_LOOKS = 6,
};

const char ctext_head[] =
	"#ifdef __cplusplus\n"
	"#define TWZ_ASSERT(what) static_assert(what, #what)\n"
	"#define TWZ_ATOMIC\n"
	"#define TWZ_CXX(name) name##_\n"
	"#define TWZ_OUTER ::\n"
	"extern \"C\" {\n"
	"#else\n"
	"#define TWZ_ASSERT(what) _Static_assert(what, #what)\n"
	"#define TWZ_ATOMIC _Atomic\n"
	"#define TWZ_CXX(name) name\n"
	"#define TWZ_OUTER\n"
	"#endif\n\n";

const char ctext_tail[] =
	"\n#undef TWZ_ASSERT\n#undef TWZ_ATOMIC\n#undef TWZ_CXX\n#undef TWZ_OUTER\n"
	"#ifdef __cplusplus\n}\n#endif\n";

const char *
ctext_comment(struct twz_arena *arena, const char *text)
{
	char *copy = twz_strdup(arena, text);

	for (char *c = copy; *c; c++)
		if ((c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*'))
			c[1] = ' ';
		else if (*c == '\n' || *c == '\r')
			*c = ' ';
	return copy;
}

/* -- what can be said ------------------------------------------------------------------------------- */

static const char too_long[] = "it has a type that is too long to write";
static const char too_deep[] = "it reaches types that are nested too deeply";
static const char circular[] = "it has a type that contains itself";

/* Basic types that only some compilers have. */
static const char *
judge_base(const struct twz_type *t)
{
	static const char *const rare[] = { "_Decimal", "_Float16", "__bf16", "__fp16", "_Accum", "_Fract" };

	for (size_t i = 0; i < TWZ_COUNT(rare); i++)
		if (strstr(t->name, rare[i]))
			return "it has a floating type that not every C compiler has";
	return t->form != TWZ_FORM_BASE || twz_c_is_basic(t) ? NULL :
	       "it has a basic type that C does not have";
}

static const char *judge(struct ctext *c, const struct twz_type *t, bool by_value, unsigned depth,
			 uint32_t *height);

/* A type without a name in a prototype would be another type in each of them: it needs a tag. */
static void
tag_prototype(struct ctext *c, const struct twz_type *t)
{
	for (unsigned i = 0; t && i < MAX_NESTING && !ctext_is_tagged(t); i++)
		t = t->kind == TWZ_POINTER || t->kind == TWZ_ARRAY ? t->target : NULL;
	if (t && ctext_is_tagged(t) && !*t->name)
		ctext_name(c, t)->needs_tag = true;
}

static bool
is_kind(const struct twz_type *t, enum twz_kind one, enum twz_kind other)
{
	t = t ? twz_type_strip(t) : &twz_type_void;
	return t->kind == one || t->kind == other;
}

static const char *
judge_function(struct ctext *c, const struct twz_type *t, unsigned depth, uint32_t *height)
{
	const char *why = t->target ? judge(c, t->target, true, depth + 1, height) : NULL;

	tag_prototype(c, t->target);
	if (t->target && is_kind(t->target, TWZ_FUNC, TWZ_ARRAY))
		return "it returns what no function of C's returns";
	for (uint32_t i = 0; !why && i < t->nmembers; i++) {
		why = t->members[i].type ? judge(c, t->members[i].type, true, depth + 1, height) :
		      "a parameter has no known type";
		tag_prototype(c, t->members[i].type);
		if (!why && is_kind(t->members[i].type, TWZ_VOID, TWZ_VOID))
			why = "a parameter is void";
	}
	return why;
}

static void
judge_fields(struct ctext *c, struct ctext_name *name)
{
	const struct twz_type *t = name->type;
	uint32_t height = 0;

	/* A field that cannot be said becomes bytes: what it says does not count. */
	for (uint32_t i = 0; i < t->nmembers; i++)
		if (t->kind != TWZ_ENUM && t->members[i].type)
			(void)judge(c, t->members[i].type, true, 0, &height);
	name->height = height + 1;
	if (name->height > MAX_HEIGHT)
		name->why_value = too_deep;
}

/* Named types and bodies: judged once. Typedefs are written before what they stand for is complete. */
static const char *
judge_named(struct ctext *c, struct ctext_name *name, bool by_value, uint32_t *height)
{
	const struct twz_type *t = name->type;
	bool anonymous = name->is_tag && !*t->name;
	uint32_t below = 0;

	if (name->judged == UNJUDGED) {
		name->judged = JUDGING;
		if (!name->is_tag && !name->is_known && t->target) {
			if (ctext_is_tagged(t->target) && !*t->target->name) {
				struct ctext_name *body = ctext_name(c, t->target);

				if (!body->alias)
					body->alias = name;
				name->why = judge_named(c, body, true, &below);
			} else {
				name->why = judge(c, t->target, false, 0, &below);
			}
			name->height = below + 1;
		}
		if (name->height > MAX_HEIGHT)
			name->why = too_deep;
		name->judged = JUDGED;
	} else if (name->judged == JUDGING) {
		return circular;
	}
	if ((by_value || anonymous) && name->judged_value == UNJUDGED && !name->why) {
		name->judged_value = JUDGING;
		if (name->is_tag && t->kind != TWZ_OPAQUE)
			judge_fields(c, name);
		else if (name->is_tag && (t->form == TWZ_FORM_CLASS || t->form == TWZ_FORM_OTHER))
			name->why_value = t->why ? t->why : "it has a type that C does not have";
		else if (!name->is_tag && !name->is_known && t->target)
			name->why_value = judge(c, t->target, true, 0, &name->height);
		name->judged_value = JUDGED;
	} else if ((by_value || anonymous) && name->judged_value == JUDGING) {
		return circular;
	}
	if (name->height > *height)
		*height = name->height;
	return name->why ? name->why : by_value || anonymous ? name->why_value : NULL;
}

static const char *
judge_opaque(struct ctext *c, const struct twz_type *t, unsigned depth, uint32_t *height)
{
	switch (t->form) {
	case TWZ_FORM_VECTOR:
	case TWZ_FORM_COMPLEX:
	case TWZ_FORM_BASE:
		return judge_base(t);
	case TWZ_FORM_VLA:
		return t->target ? judge(c, t->target, true, depth + 1, height) : NULL;
	case TWZ_FORM_REFERENCE:
	case TWZ_FORM_RVALUE:
		return "it has a reference, as only C++ has them";
	case TWZ_FORM_MEMBER:
		return "it has a pointer to a member, as only C++ has them";
	case TWZ_FORM_NONE:
	case TWZ_FORM_STRUCT:
	case TWZ_FORM_UNION:
	case TWZ_FORM_ENUM:
	case TWZ_FORM_CLASS:
	case TWZ_FORM_OTHER:
		break;
	}
	return NULL;
}

static const char *
judge(struct ctext *c, const struct twz_type *t, bool by_value, unsigned depth, uint32_t *height)
{
	struct ctext_name *name;
	const char *why;

	if (depth > MAX_NESTING || !c->steps)
		return c->steps ? too_deep : too_long;
	c->steps--;
	name = ctext_name(c, t);
	if (name) {
		unsigned steps = c->steps;

		if (c->counting && name->is_tag && !*t->name)
			name->uses++;
		/* Deeper than any chain that is accepted in the end: further down is not worth a look. */
		if (c->depth > 2 * MAX_HEIGHT)
			return too_deep;
		c->depth++;
		c->steps = MAX_STEPS;
		why = judge_named(c, name, by_value, height);
		c->steps = steps;
		c->depth--;
		return why;
	}
	if (twz_c_is_va_list(t))
		return NULL;
	switch (t->kind) {
	case TWZ_POINTER:
	case TWZ_STRING:
		return t->target ? judge(c, t->target, false, depth + 1, height) : NULL;
	case TWZ_ARRAY:
		return is_kind(t->target, TWZ_VOID, TWZ_FUNC) ||
		       (is_kind(t->target, TWZ_ARRAY, TWZ_ARRAY) && !twz_type_strip(t->target)->size) ?
		       "it has an array of things without a size" :
		       judge(c, t->target, true, depth + 1, height);
	case TWZ_FUNC:
		return judge_function(c, t, depth, height);
	case TWZ_OPAQUE:
		return judge_opaque(c, t, depth, height);
	case TWZ_LIST:
	case TWZ_RECORD:
		return "it has a type that C does not have";
	case TWZ_FLOAT:
		return judge_base(t);
	case TWZ_VOID:
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_ENUM:
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_TYPEDEF:
		break;
	}
	return NULL;
}

const char *
ctext_judge(struct ctext *c, const struct twz_type *type, bool by_value)
{
	uint32_t height = 0;

	c->steps = MAX_STEPS;
	return judge(c, type, by_value, 0, &height);
}

const char *
ctext_judge_field(struct ctext *c, const struct twz_type *type)
{
	return is_kind(type, TWZ_VOID, TWZ_FUNC) ? "no value has its type" : ctext_judge(c, type, true);
}

const char *
ctext_accept(struct ctext *c, const struct twz_type *type)
{
	const char *why;

	c->counting = true;
	why = ctext_judge(c, type, true);
	c->counting = false;
	return why;
}

/* -- definitions ------------------------------------------------------------------------------------ */

static void need(struct ctext *c, const struct twz_type *type, bool complete);

/* A type without a name is written in place, unless a typedef or a tag of ours stands for it. */
static bool
is_in_place(struct ctext *c, struct ctext_name *name)
{
	if (*name->type->name || (name->alias && name->alias != c->defining))
		return false;
	if (!*name->name && (name->needs_tag || (name->type->kind == TWZ_ENUM && name->uses > 1)) &&
	    !name->alias)
		ctext_make_tag(c, name);
	return !*name->name;
}

/* twz_c_text() asks for the specifier of a type. */
/* What only gcc can spell, and only in C; others have it by another way, see need_floats(). */
static bool
is_complex_quad(const struct twz_type *t)
{
	return t->form == TWZ_FORM_COMPLEX && !strcmp(t->name, "_Complex _Float128");
}

static bool
specifier(void *data, struct twz_text *out, const struct twz_type *type)
{
	struct ctext *c = data;
	struct ctext_name *name = ctext_name(c, type);
	size_t limit = out->limit, used = out->n;

	if (!name && is_complex_quad(type)) {
		twz_text_puts(out, "TWZ_COMPLEX_FLOAT128");
		return true;
	}
	if (!name)
		return false;
	if (!is_in_place(c, name)) {
		ctext_spell(c, out, *type->name || !name->alias ? name : name->alias);
		return true;
	}
	if (!c->budget || c->indent > MAX_INDENT) {
		twz_text_puts(out, "void");
		return true;
	}
	c->budget--;
	/* The limit is for declarations; a body is as long as it is. */
	twz_text_unlimit(out, 0, "");
	c->indent++;
	ctext_body(c, out, name);
	c->indent--;
	if (limit)
		twz_text_limit(out, limit > used ? limit - used : 1);
	return true;
}

static const char *
parameter(void *data, const struct twz_type *func, uint32_t i)
{
	return ctext_param(data, func, i);
}

void
ctext_begin(struct ctext *c, struct twz_text *out, struct twz_arena *arena)
{
	*c = (struct ctext){ .out = out, .arena = arena };
	c->nodes.arena = c->tags.arena = c->ordinary.arena = arena;
	c->taken_tags.arena = c->taken.arena = c->typedefs.arena = c->fields.arena = arena;
	c->style = (struct twz_c_style){ c, specifier, parameter, .portable = true, .promote = true };
}

/*
 * Each look tells types apart by what the look before found out about those that they lead to. Few
 * libraries have types of one name at all, and for those few two or three looks are enough.
 */
void
ctext_learn(struct ctext *c, const struct twz_service *service)
{
	for (size_t look = 0, variants = 0; look < MAX_LOOKS; look++) {
		struct ctext *next = twz_new(c->arena, struct ctext);

		ctext_begin(next, c->out, c->arena);
		next->before = c->before;
		for (uint32_t i = 0; i < service->ngates; i++)
			if (service->gates[i].type)
				(void)ctext_accept(next, service->gates[i].type);
		if (next->variants == variants)
			return;
		variants = next->variants;
		c->before = next;
	}
}

static void
define_tagged(struct ctext *c, struct ctext_name *name)
{
	const struct twz_type *t = name->type;

	name->defined = true;
	if (t->kind == TWZ_OPAQUE) {
		if (!strcmp(ctext_tag(t), "enum")) {
			twz_text_printf(c->out, "#ifdef __cplusplus\nenum %s : int;\n#else\nenum %s;\n#endif\n",
					name->name, name->name);
			return;
		}
		ctext_spell(c, c->out, name);
		twz_text_puts(c->out, ";\n");
		return;
	}
	for (uint32_t i = 0; i < t->nmembers && t->kind != TWZ_ENUM; i++)
		if (t->members[i].type && !ctext_judge_field(c, t->members[i].type))
			need(c, t->members[i].type, true);
	if (*name->raw && strcmp(name->raw, name->name))
		twz_text_printf(c->out, "/* '%s' in the library. */\n", ctext_comment(c->arena, name->raw));
	c->indent = 0;
	c->budget = MAX_INLINE;
	ctext_body(c, c->out, name);
	twz_text_puts(c->out, ";\n\n");
	twz_push(c->arena, c->written, c->nwritten, name);
}

static void
need_tagged(struct ctext *c, struct ctext_name *name, bool complete)
{
	if (name->alias && name->alias != c->defining && !*name->type->name) {
		need(c, name->alias->type, complete);
		return;
	}
	if (is_in_place(c, name)) {
		if (name->defined)	/* what it needs is there */
			return;
		name->defined = true;
		for (uint32_t i = 0; i < name->type->nmembers && name->type->kind != TWZ_ENUM; i++)
			if (name->type->members[i].type &&
			    !ctext_judge_field(c, name->type->members[i].type))
				need(c, name->type->members[i].type, true);
		return;
	}
	if (name->type->kind == TWZ_ENUM || name->type->kind == TWZ_OPAQUE)
		complete = true;
	if (complete ? name->defined : name->declared || name->defined)
		return;
	if (complete) {
		define_tagged(c, name);
		return;
	}
	name->declared = true;
	twz_push(c->arena, c->pending, c->npending, name);
	ctext_spell(c, c->out, name);
	twz_text_puts(c->out, ";\n");
}

static void
define_typedef(struct ctext *c, struct ctext_name *name)
{
	const struct twz_type *t = name->type;
	const struct ctext_name *outer = c->defining;
	bool anonymous = t->target && ctext_is_tagged(t->target) && !*t->target->name;
	const char *word = name->cxx ? twz_format(c->arena, "TWZ_CXX(%s)", name->name) : name->name;
	bool only_c = ctext_is_cxx_type(name->name);

	name->defined = true;
	c->defining = name;
	if (t->target)
		need(c, t->target, false);
	c->defining = name;
	if (strcmp(name->raw, name->name))
		twz_text_printf(c->out, "/* '%s' in the library. */\n", ctext_comment(c->arena, name->raw));
	if (!strcmp(name->name, "__size_t"))	/* in gcc's <stddef.h> a macro for nothing */
		twz_text_puts(c->out, "#undef __size_t\n");
	twz_text_puts(c->out, only_c ? "#ifndef __cplusplus\ntypedef " : "typedef ");
	c->indent = anonymous ? -1 : 0;
	c->budget = MAX_INLINE;
	twz_c_text(c->out, t->target ? t->target : &twz_type_void, t->quals, word, &c->style);
	c->indent = 0;
	if (t->target && t->target->align && t->align && t->align != t->target->align)
		twz_text_printf(c->out, " __attribute__((aligned(%u)))", t->align);
	twz_text_puts(c->out, only_c ? ";\n#endif\n" : ";\n");
	if (anonymous)
		twz_text_byte(c->out, '\n');
	twz_push(c->arena, c->written, c->nwritten, name);
	c->defining = outer;
}

static void
need_typedef(struct ctext *c, struct ctext_name *name, bool complete)
{
	const struct ctext_name *outer = c->defining;
	const struct twz_type *target = name->type->target;

	if (name->is_known)
		return;
	if (!name->defined)
		define_typedef(c, name);
	c->defining = NULL;
	if (complete && target && !(ctext_is_tagged(target) && !*target->name))
		need(c, target, true);
	c->defining = outer;
}

/* Names of floating types that gcc knows in C and others do not. */
static void
need_floats(struct ctext *c, const struct twz_type *t)
{
	if (c->floats || (strncmp(t->name, "_Float", 6) && !is_complex_quad(t)))
		return;
	c->floats = true;
	twz_text_puts(c->out, "#if defined(__clang__) || (defined(__cplusplus) && __GNUC__ < 13)\n"
			      "typedef float _Float32;\ntypedef double _Float64;\ntypedef double _Float32x;\n"
			      "typedef long double _Float64x;\ntypedef __float128 _Float128;\n"
			      "typedef _Complex float __attribute__((mode(TC))) TWZ_COMPLEX_FLOAT128;\n#else\n"
			      "#define TWZ_COMPLEX_FLOAT128 _Complex _Float128\n#endif\n");
}

static void
need(struct ctext *c, const struct twz_type *t, bool complete)
{
	struct ctext_name *name = ctext_name(c, t);

	if (name && name->is_tag) {
		need_tagged(c, name, complete);
		return;
	}
	if (name) {
		need_typedef(c, name, complete);
		return;
	}
	need_floats(c, t);
	if (t->target && !twz_c_is_va_list(t))
		need(c, t->target, t->kind == TWZ_ARRAY || t->kind == TWZ_OPAQUE);
	for (uint32_t i = 0; t->kind == TWZ_FUNC && i < t->nmembers; i++)
		need(c, t->members[i].type, false);
}

void
ctext_need(struct ctext *c, const struct twz_type *type)
{
	need(c, type, false);
}

void
ctext_finish(struct ctext *c)
{
	for (size_t i = 0; i < c->npending; i++)	/* grows as definitions point to others */
		if (!c->pending[i]->defined)
			define_tagged(c, c->pending[i]);
	c->npending = 0;
}

bool
ctext_declare(struct ctext *c, const struct twz_type *type, const char *name)
{
	c->indent = 0;
	c->mark = 0;
	return twz_c_text(c->out, type, 0, name, &c->style);
}
