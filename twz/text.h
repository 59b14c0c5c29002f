/*
 * Text that grows: what printers write to when they make many short pieces. It is one block of memory
 * that is used again and again, so that a printer allocates nothing per piece; and it has a limit, so
 * that a type from a hostile file costs no more than that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "twz/arena.h"

/* All zeros is an empty text without a limit. Free it with twz_text_free(). */
struct twz_text {
	char *bytes;		/* no NUL behind them */
	size_t n;
	size_t room;		/* how far bytes may be filled now */
	size_t size;		/* allocated */
	size_t limit;		/* 0: none */
	bool truncated;		/* something did not fit; nothing is added any more */
};

#define TWZ_TEXT TWZ_CLEANUP(twz_text_free) struct twz_text

/** Gives back the memory; the text is empty afterwards and may be used again. */
void twz_text_free(struct twz_text *text);
/** Empties the text and keeps its memory and limit. */
void twz_text_reset(struct twz_text *text);
/**
 * From here on at most @more bytes are added, then the text counts as truncated; 0: no limit. Returns
 * the limit so far, which twz_text_unlimit() puts back.
 */
size_t twz_text_limit(struct twz_text *text, size_t more);
/** Ends a twz_text_limit(). True when everything fitted; else what was added since is @mark at its end. */
bool twz_text_unlimit(struct twz_text *text, size_t before, const char *mark);
/** The part of twz_text_add() that is rarely needed. */
void twz_text_more(struct twz_text *text, const char *bytes, size_t n);

static inline void
twz_text_add(struct twz_text *text, const char *bytes, size_t n)
{
	if (n >= text->room - text->n) {
		twz_text_more(text, bytes, n);
		return;
	}
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
}

static inline void
twz_text_byte(struct twz_text *text, char c)
{
	if (text->n < text->room)
		text->bytes[text->n++] = c;
	else
		twz_text_more(text, &c, 1);
}

static inline void
twz_text_puts(struct twz_text *text, const char *s)
{
	twz_text_add(text, s, strlen(s));
}

/** What @c is worth as a digit of base 16 or less; more than 15: it is none. */
static inline unsigned
twz_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99;
}

/** In decimal. */
void twz_text_unsigned(struct twz_text *text, uint64_t value);
void twz_text_signed(struct twz_text *text, int64_t value);
void twz_text_printf(struct twz_text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** As a JSON string, with its quotes. */
void twz_text_json(struct twz_text *text, const char *s);
/** A copy in arena memory. */
const char *twz_text_copy(struct twz_arena *arena, const struct twz_text *text);
/** Writes all of it; errors are the stream's. */
void twz_text_write(const struct twz_text *text, FILE *out);
