/* Types by name, for annotations. */
#include <string.h>

#include "repl/lang/interp.h"
#include "twz/typetext.h"

struct search {
	const char *name;
	const struct twz_type *seen[256];
	size_t nseen;
};

/* The type shown as @s->name inside of @type, or NULL. */
static const struct twz_type *
search_type(struct search *s, const struct twz_type *type, unsigned depth)
{
	const struct twz_type *found;

	if (!type || depth > 16 || s->nseen == TWZ_COUNT(s->seen))
		return NULL;
	if (type->name && !strcmp(type->name, s->name) && type->kind != TWZ_FUNC)
		return type;
	for (size_t i = 0; i < s->nseen; i++)
		if (s->seen[i] == type)
			return NULL;
	s->seen[s->nseen++] = type;
	found = search_type(s, type->target, depth + 1);
	for (uint32_t i = 0; i < type->nmembers && !found; i++)
		found = search_type(s, type->members[i].type, depth + 1);
	return found;
}

/* SERVICE::TYPE: a type that a gate of the service takes or gives. */
static bool
service_type(struct lang *l, const char *path, const char *colons, const struct twz_type **ret,
	     struct twz_error *err)
{
	const struct twz_service *service;

	service = lang_service(l, twz_strndup(l->arena, path, (size_t)(colons - path)), err);
	if (!service)
		return false;
	for (uint32_t i = 0; i < service->ngates; i++) {
		struct search s = { .name = colons + 2 };

		*ret = search_type(&s, service->gates[i].type, 0);
		if (*ret)
			return true;
	}
	return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no type '%s' in %s",
			colons + 2, service->name);
}

/* [T] and T? for each T are made once. */
static const struct twz_type *
made_type(struct lang *l, enum twz_kind kind, const struct twz_type *target)
{
	struct lang_shared *shared = l->shared;
	struct twz_member *members;
	struct twz_type *t;

	for (size_t i = 0; i < shared->ntypes; i++)
		if (shared->types[i]->kind == kind && shared->types[i]->target == target)
			return shared->types[i];
	t = twz_new(&shared->durable, struct twz_type);
	*t = (struct twz_type){ .kind = kind, .name = "", .target = target };
	if (kind == TWZ_OPTION) {
		members = twz_new_array(&shared->durable, 2, struct twz_member);
		members[0] = (struct twz_member){ .name = "twz_some", .type = &twz_type_u32 };
		members[1] = (struct twz_member){ .name = "twz_value", .type = target };
		t->members = members;
		t->nmembers = 2;
	}
	twz_push(&shared->durable, shared->types, shared->ntypes, t);
	return t;
}

/* [TYPE], TYPE? */
static bool
outer_type(struct lang *l, const char *text, enum twz_kind kind, const struct twz_type **ret,
	   struct twz_error *err)
{
	const struct twz_type *inner;
	size_t n = strlen(text), skip = kind == TWZ_LIST;

	if (!lang_type_named(l, twz_strndup(l->arena, text + skip, n - 1 - skip), &inner, err))
		return false;
	*ret = inner ? made_type(l, kind, inner) : kind == TWZ_LIST ? &twz_type_list : NULL;
	return true;
}

bool
lang_type_named(struct lang *l, const char *text, const struct twz_type **ret, struct twz_error *err)
{
	static const struct {
		const char *name;
		const struct twz_type *type;
	} names[] = {
		{ "i8", &twz_type_i8 }, { "i16", &twz_type_i16 }, { "i32", &twz_type_i32 },
		{ "i64", &twz_type_i64 }, { "u8", &twz_type_u8 }, { "u16", &twz_type_u16 },
		{ "u32", &twz_type_u32 }, { "u64", &twz_type_u64 }, { "f32", &twz_type_f32 },
		{ "f64", &twz_type_f64 }, { "bool", &twz_type_bool }, { "char", &twz_type_char },
		{ "string", &twz_type_string }, { "list", &twz_type_list },
		{ "record", &twz_type_record }, { "int", &twz_type_i64 }, { "float", &twz_type_f64 },
		{ "any", NULL },
	};
	const char *colons = strstr(text, "::");

	if (text[strlen(text) - 1] == '?')
		return outer_type(l, text, TWZ_OPTION, ret, err);
	if (*text == '[')
		return outer_type(l, text, TWZ_LIST, ret, err);
	if (colons)
		return service_type(l, text, colons, ret, err);
	for (size_t i = 0; i < TWZ_COUNT(names); i++) {
		if (strcmp(names[i].name, text))
			continue;
		*ret = names[i].type;
		return true;
	}
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no type '%s'", text);
	return twz_hint(err, "types are i8 … u64, f32, f64, bool, char, string and SERVICE::TYPE");
}

const struct twz_service *
lang_type_service(struct lang *l, const char *text)
{
	const char *name = text + strspn(text, "["), *colons = strstr(name, "::");
	struct twz_error ignored = { 0 };

	return colons ? lang_service(l, twz_strndup(l->arena, name, (size_t)(colons - name)), &ignored) : NULL;
}
