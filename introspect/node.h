/*
 * Nodes: types while they are being made. A reader of debug information makes one node per type it
 * meets, as the file describes it; types_finish() then turns the lot into twz's types. This is all
 * that a reader of another format has to know about them.
 */
#pragma once

#include "twz/arena.h"
#include "twz/type.h"

struct node {
	struct twz_type type;		/* first: a pointer to a type that is a node is one to the node */
	struct twz_member *members;	/* what type.members will be */
	uint64_t unread;		/* STRUCT, UNION: where its fields are, which nobody needed so far; 0 */
	uint8_t state;			/* of the layout check */
	uint8_t needed;			/* what was asked of it already */
	bool is_complete;		/* its members were read */
};

/* Many of them, one behind the other in blocks: nodes do not move. */
struct nodes {
	struct twz_arena *arena;
	struct node **blocks;
	size_t n, nblocks;
};

enum {
	NODES_BLOCK = 128,
	MAX_NODES = 1 << 20,
	MAX_MEMBERS = 1 << 16,
	MAX_TYPE_SIZE = 1 << 28,	/* bytes of one type */
	MAX_ALIGN = 1 << 16,
};

static inline struct node *
node_at(const struct nodes *nodes, size_t i)
{
	return &nodes->blocks[i / NODES_BLOCK][i % NODES_BLOCK];
}

static inline struct node *
node_new(struct nodes *nodes, enum twz_kind kind)
{
	struct node *node;

	if (nodes->n % NODES_BLOCK == 0)
		twz_push(nodes->arena, nodes->blocks, nodes->nblocks,
			 twz_new_array(nodes->arena, NODES_BLOCK, struct node));
	node = node_at(nodes, nodes->n++);
	node->type.kind = kind;
	node->type.name = "";
	return node;
}

/** Makes @node a type that cannot cross, of @form, known by @name. */
static inline void
node_opaque(struct node *node, enum twz_form form, const char *name)
{
	node->type = (struct twz_type){ .kind = TWZ_OPAQUE, .form = form, .name = name };
	node->members = NULL;
}

static inline void
node_members(struct node *node, struct twz_member *members, size_t n)
{
	node->members = members;
	node->type.members = members;
	node->type.nmembers = (uint32_t)n;
}

/** C's usual spelling of a basic type's name: "unsigned long" for gcc's "long unsigned int". */
const char *type_base_name(const char *name);
/** C's spelling of the complex type that a compiler calls @name: "_Complex double". */
const char *type_complex_name(const char *name, uint32_t size);

/**
 * Finishes all nodes: char * becomes STRING, the structs of TWZ_RESULT and TWZ_OPTION their kinds;
 * sizes and alignments are worked out and checked. A layout that contradicts itself becomes OPAQUE.
 */
void types_finish(struct nodes *nodes);
