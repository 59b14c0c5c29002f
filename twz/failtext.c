#include "twz/failtext.h"

#include <stdio.h>
#include <string.h>

#include "twz/json.h"

/* What a parameter of the speaker's is given. */
enum given { NOTHING, NUMBER, OBJECT, BUFFER, LENGTH, UNKNOWN };

/* The gate's own parameter with an object of this type, or one that is no parameter. */
static uint32_t
object_of(const struct twz_plan *plan, uint32_t tag)
{
	uint32_t i = 0;

	while (i < plan->nslots && !(plan->slots[i].object && plan->slots[i].pass == TWZ_PASS_WORD &&
				     !plan->slots[i].closes && plan->slots[i].tag == tag))
		i++;
	return i;
}

static bool
is_buffer(const struct twz_slot *slot)
{
	return slot->pass == TWZ_PASS_BUFFER && slot->dir == TWZ_OUT && slot->is_text && !slot->behind &&
	       (slot->extent >= 0 || slot->count <= TWZ_FAILTEXT_MAX);
}

static enum given
what(const struct twz_plan *plan, const struct twz_plan *speaker, uint32_t i)
{
	const struct twz_slot *s = &speaker->slots[i];
	enum twz_kind kind = twz_type_strip(s->type)->kind;

	if (is_buffer(s))
		return BUFFER;
	if (s->null)
		return NOTHING;
	if (s->pass != TWZ_PASS_WORD || s->token || s->callback || s->is_float)
		return UNKNOWN;
	if (s->object)
		return !s->closes && object_of(plan, s->tag) < plan->nslots ? OBJECT : UNKNOWN;
	for (uint32_t k = 0; k < speaker->nslots; k++)
		if (is_buffer(&speaker->slots[k]) && speaker->slots[k].extent == (int32_t)i)
			return LENGTH;
	return kind == TWZ_INT || kind == TWZ_ENUM ? NUMBER : UNKNOWN;
}

const char *
twz_failtext_reason(const struct twz_plan *plan, const struct twz_plan *speaker)
{
	uint32_t buffers = 0, asked = 0;

	for (uint32_t i = 0; i < speaker->nslots; i++) {
		enum given given = what(plan, speaker, i);

		if (given == UNKNOWN)
			return "takes what the gate that failed does not have";
		buffers += given == BUFFER;
		asked += given == NUMBER || given == OBJECT;
	}
	if (buffers > 1 || (!buffers && speaker->ret.pass != TWZ_PASS_STRING))
		return "gives no text";
	return asked ? NULL : "takes neither the error's number nor an object";
}

void
twz_failtext_words(const struct twz_plan *plan, const uint64_t *words, int64_t number,
		   const struct twz_plan *speaker, char *buffer, uint64_t *ret)
{
	for (uint32_t i = 0; i < speaker->nslots; i++) {
		const struct twz_slot *s = &speaker->slots[i];

		ret[i] = 0;
		switch (what(plan, speaker, i)) {
		case NUMBER:
			ret[i] = s->is_signed || s->size == 8 ? (uint64_t)number :
				 (uint64_t)number & (((uint64_t)1 << s->size * 8) - 1);
			break;
		case OBJECT:
			ret[i] = words[object_of(plan, s->tag)];
			break;
		case BUFFER:
			ret[i] = (uint64_t)(uintptr_t)buffer;
			break;
		case LENGTH:
			ret[i] = s->size == 1 ? INT8_MAX : TWZ_FAILTEXT_MAX;
			break;
		case NOTHING:
		case UNKNOWN:
			break;
		}
	}
}

/* A terminal would take some bytes for commands; a message is one line, and a text often ends its own. */
static void
harmless(char *text)
{
	size_t n = strlen(text), most = n == TWZ_FAILTEXT_MAX - 1 ? 3 : 0;
	bool valid;

	while (n && strchr("\n\t ", text[n - 1]))
		text[--n] = '\0';
	/* What was cut may have been cut inside of a character. */
	for (size_t cut = 0; cut < most && n && !twz_utf8_valid(text, n) && (text[n - 1] & 0x80); cut++)
		n--;
	valid = twz_utf8_valid(text, n);
	n = valid ? n : strlen(text);
	text[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n' || c == '\t')
			text[i] = ' ';
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !valid))
			text[i] = '?';
		else if (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)
			text[i] = text[i + 1] = '?';
	}
}

void
twz_failtext_take(const struct twz_plan *speaker, const void *returned, char *buffer)
{
	const char *text;

	for (uint32_t i = 0; i < speaker->nslots; i++)
		if (is_buffer(&speaker->slots[i])) {
			buffer[TWZ_FAILTEXT_MAX - 1] = '\0';
			harmless(buffer);
			return;
		}
	memcpy(&text, returned, sizeof(text));
	snprintf(buffer, TWZ_FAILTEXT_MAX, "%s", text ? text : "");
	harmless(buffer);
}
