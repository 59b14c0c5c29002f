/*
 * The programs' interface (include/twz/call.h) inside of twz itself, for services that it calls at level none: they
 * call other gates through the session that twz has.
 */
#pragma once

struct session;

/** Makes @s the session of this process; it stays the caller's. NULL before it is closed. */
void libtwz_adopt(struct session *s);
