/*
 * Looks for instructions that change what a protection key forbids, or whom GS belongs to, at every
 * byte: the processor can be made to begin anywhere. Of a 64-bit program these are
 *
 *   WRPKRU     0f 01 ef
 *   XRSTOR     0f ae /5 with memory (also XRSTOR64): may load the rights
 *   WRGSBASE   f3 [REX] 0f ae /3 with a register
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum mpk_gadget { MPK_NO_GADGET, MPK_WRPKRU, MPK_XRSTOR, MPK_WRGSBASE };

enum { MPK_GADGET_MAX = 5 };	/* bytes: a gadget may begin this many less one before a boundary */

/** The first gadget at or behind @from; *@ret is where its first byte lies. */
enum mpk_gadget mpk_scan(const unsigned char *bytes, size_t n, size_t from, size_t *ret);
const char *mpk_gadget_text(enum mpk_gadget gadget);

/*
 * The two places of the C library and its loader that every program has: pkey_set(), and how lazy
 * binding gives the vector registers back, with a mask that leaves the rights out.
 */
enum mpk_known { MPK_UNKNOWN, MPK_PKEY_SET, MPK_LAZY_BINDING };
enum mpk_known mpk_known(const unsigned char *bytes, size_t n, size_t at);
/** How many bytes of it are replaced. */
size_t mpk_known_size(enum mpk_known known);
