/*
 * Words of the language (language.md 1.2), in one mode: the text is cut into tokens before anything
 * is parsed, and the cut depends on nothing but the text. Operators stand alone between blanks, so
 * /etc/passwd, a=b, 10.0.0.1:80 and *.c stay plain words; words keep their spelling.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/arena.h"

/* kind, how a message calls it */
#define LEX_KINDS(X) \
	X(END, "the end") \
	X(NEWLINE, "the end of the line") \
	X(SEMICOLON, "';'") \
	X(BAD, "something")		/* why and hint say what is wrong */ \
	X(NAME, "a name")		/* keyword says whether it is one */ \
	X(PATH, "the name of a gate")	/* a::b */ \
	X(FIELD, "a field")		/* a.b.c */ \
	X(DOTS, "'.'")			/* .a.b: after a value, or as a stage of a pipe */ \
	X(NUMBER, "a number") \
	X(VAR, "a variable")		/* $a or $a.b */ \
	X(NAMED, "a named argument")	/* --name or --name=rest */ \
	X(TEXT, "a word")		/* any other word */ \
	X(RAW, "a text")		/* '…' */ \
	X(STRING, "a text")		/* "…" */ \
	X(LPAREN, "'('") X(RPAREN, "')'") \
	X(LBRACKET, "'['") X(RBRACKET, "']'") \
	X(LBRACE, "'{'") X(RBRACE, "'}'") \
	X(PIPE, "'|'") X(COMMA, "','") X(COLON, "':'") X(QUESTION, "'?'") \
	X(ASSIGN, "'='") X(BIND, "'?='") X(FATARROW, "'=>'") X(ARROW, "'->'") \
	X(EQ, "'=='") X(NE, "'!='") X(LT, "'<'") X(LE, "'<='") X(GT, "'>'") X(GE, "'>='") \
	X(PLUS, "'+'") X(MINUS, "'-'") X(STAR, "'*'") X(SLASH, "'/'") X(PERCENT, "'%'") \
	X(COALESCE, "'?\?'") X(RANGE, "'..'")

enum lex_kind {
#define X(kind, text) LEX_##kind,
	LEX_KINDS(X)
#undef X
};

#define LEX_KEYWORDS(X) \
	X(LET, "let") X(FN, "fn") X(WHILE, "while") X(FOR, "for") X(IN, "in") \
	X(TIMEOUT, "timeout") X(IMPORT, "import") X(RETURN, "return") X(BREAK, "break") \
	X(CONTINUE, "continue") X(IF, "if") X(ELSE, "else") X(MATCH, "match") X(TRY, "try") \
	X(CATCH, "catch") X(SPAWN, "spawn") X(RUN, "run") X(AND, "and") X(OR, "or") \
	X(NOT, "not") X(TRUE, "true") X(FALSE, "false") X(NONE, "none")

enum lex_keyword {
	LEX_NO_KEYWORD,
#define X(keyword, text) LEX_KW_##keyword,
	LEX_KEYWORDS(X)
#undef X
};

struct lex_token {
	enum lex_kind kind : 8;
	enum lex_keyword keyword : 8;	/* NAME */
	bool blank : 1;			/* a blank, a newline or nothing stands before it */
	uint32_t from, to;		/* bytes of the text */
	const char *why, *hint;		/* BAD */
};

struct lex {
	const char *text;
	struct lex_token *tokens;	/* the last one is END */
	uint32_t ntokens;
	const char *missing;		/* what an unfinished text waits for; NULL: it is complete */
};

/**
 * Cuts the bytes @from … @to of @text into tokens; their spans count from the start of @text. Never
 * fails: what is no token becomes BAD.
 */
void lex_text(const char *text, uint32_t from, uint32_t to, struct twz_arena *arena,
	      struct lex *ret);

/** "'?='", "a name": for messages. */
const char *lex_kind_text(enum lex_kind kind);
/** Whether it calculates; what a program gives is a text, so that to run these are words like any other. */
bool lex_is_sum(enum lex_kind kind);
/** The spelling of a keyword. */
const char *lex_keyword_text(enum lex_keyword keyword);
/** All keywords' spellings; @n gets their number. For completion. */
const char *const *lex_keywords(size_t *n);
