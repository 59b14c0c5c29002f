/*
 * SQL over what twz knows: the registry's file, and what this session does as virtual tables.
 *
 * Every query has a connection of its own, which only reads: the file is opened read-only, and an
 * authorizer lets nothing through but SELECT. What a query costs is bounded: by the call's deadline, in
 * rows and in bytes.
 */
#pragma once

#include "repl/lang/host.h"
#include "twz/error.h"

/** See repl_host.query; @session is a struct session. */
bool sql_query(void *session, const struct repl_query *q, struct twz_error *err);

/** See repl_host.table. */
bool sql_table(size_t i, const char **name, const char **columns, const char **help);
