/* Text to tree: recursive descent over tokens, two of look-ahead, no symbol table. */
#pragma once

#include "repl/lang/ast.h"
#include "repl/lang/lang.h"
#include "twz/arena.h"
#include "twz/error.h"

/**
 * Parses @n bytes of @text, which must live as long as @arena, to a BLOCK in @ret. LANG_MORE: it is a
 * beginning of something, @err says of what; LANG_FAILED: class SYNTAX with span and hint.
 */
enum lang_result parse_text(const char *text, size_t n, struct twz_arena *arena, struct ast **ret,
			    struct twz_error *err);
