/*
 * What a function takes stands in its abstract DIE, never in the concrete one, whose parameters may be
 * fewer and in another order; what it returns, in the declaration that it completes.
 */
#include "introspect/dwarf_in.h"

static bool
read_params(struct dw *dw, Dwarf_Die die, struct node *node)
{
	struct twz_member *params = NULL;
	DW_DIE child = NULL;
	size_t n = 0;

	for (bool more = dw_child(dw, die, &child); more && n < MAX_MEMBERS;
	     more = dw_sibling(dw, &child)) {
		Dwarf_Half tag = dw_tag(dw, child);
		DW_DIE at = NULL;

		if (tag == DW_TAG_unspecified_parameters)
			node->type.is_variadic = true;
		if (tag != DW_TAG_formal_parameter || !dw_die_at(dw, dw_key(dw, child), &at))
			continue;
		dw_origin(dw, &at, DW_AT_abstract_origin);
		twz_push(dw->arena, params, n, ((struct twz_member){
			.name = dw_name(dw, at), .type = dw_type_of(dw, at) }));
	}
	node_members(node, params, n);
	return n;
}

static bool
is_c(struct dw *dw, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Unsigned language = 0;
	Dwarf_Off offset = 0;
	DW_DIE unit = NULL;

	if (!dw_fine(dw, dwarf_CU_dieoffset_given_die(die, &offset, &error), error) ||
	    !dw_die_at(dw, offset << 1 | !dwarf_get_die_infotypes_flag(die), &unit) ||
	    !dw_fine(dw, dwarf_srclang(unit, &language, &error), error))
		return true;
	return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
	       language == DW_LANG_C11 || language == 0x2c;
}

void
dw_fill_function(struct dw *dw, Dwarf_Die die, struct node *node)
{
	DW_DIE at = NULL, declaration = NULL;
	bool prototyped;

	if (!dw_die_at(dw, dw_key(dw, die), &at))
		return;
	dw_origin(dw, &at, DW_AT_abstract_origin);
	if (!dw_die_at(dw, dw_key(dw, at), &declaration))
		return;
	dw_origin(dw, &declaration, DW_AT_specification);
	prototyped = dw_flag(dw, at, DW_AT_prototyped) || dw_flag(dw, declaration, DW_AT_prototyped) ||
		     !is_c(dw, at);
	node->type = (struct twz_type){
		.kind = TWZ_FUNC, .name = "", .is_prototyped = prototyped,
		.target = dw_type_of(dw, dw_has(dw, at, DW_AT_type) ? at : declaration),
	};
	if (!read_params(dw, at, node))
		read_params(dw, declaration, node);
}
