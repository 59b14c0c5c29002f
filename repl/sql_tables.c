/* The tables, each with its columns and one sentence: what queries, completion and documents go by. */
#include <string.h>
#include <strings.h>

#include "repl/sql_inner.h"

/* The services that can be called now, each with its rows in the registry. */
#define FOUND \
	" FROM found JOIN file ON file.path = found.path" \
	" JOIN service ON service.id = file.service"
/* All rows of one service in a table: see registry/schema.c. */
#define OF_SERVICE(table) \
	" ON " table ".id BETWEEN service.id << 32 AND service.id << 32 | 4294967295"
/* The members of a type, in lists of name, type, offset, value, bits, flags, extent, count and text. */
#define MEMBERS(type) " CROSS JOIN json_each(" type ".members) AS m"
#define TYPE_OF_MEMBER(name, service) \
	" JOIN type AS " name " ON " name ".id = (" service " << 32) + (m.value ->> 1)"

static const char services[] =
	"SELECT found.name, service.version, service.recorded, service.doc, file.path" FOUND
	" UNION ALL SELECT service, '', count(*), 'What twz says about itself', NULL FROM builtin GROUP BY service";

static const char gates[] =
	"SELECT found.name || '::' || g.name, found.name, g.name, returns(g.signature), fails(g.signature),"
	" g.signature, g.requires, coalesce(g.level, 'none'), coalesce(g.flags & 1, 0), g.verdict,"
	" g.why, coalesce(g.doc, ''), g.file, g.line" FOUND " JOIN gate AS g" OF_SERVICE("g")
	" WHERE g.flags & 2 AND g.role IS NULL"
	" UNION ALL SELECT service || '::' || name, service, name, returns(signature), fails(signature),"
	" signature, NULL, 'none', 1, 'callable', NULL, doc, NULL, NULL FROM builtin";

static const char params[] =
	"SELECT found.name || '::' || g.name, m.key, m.value ->> 0, t.text,"
	" CASE coalesce(m.value ->> 5 >> 8 & 3, 0) WHEN 0 THEN 'in' WHEN 1 THEN 'out' ELSE 'inout' END,"
	" coalesce(m.value ->> 5 & 1024, 0) <> 0, coalesce(m.value ->> 5 & 2048, 0) <> 0"
	FOUND " JOIN gate AS g" OF_SERVICE("g") " JOIN type AS f ON f.id = (service.id << 32) + g.type"
	MEMBERS("f") TYPE_OF_MEMBER("t", "service.id") " WHERE g.flags & 2 AND g.role IS NULL";

static const char types[] =
	"SELECT found.name, t.text, t.kind, t.size, t.align" FOUND " JOIN type AS t" OF_SERVICE("t")
	" WHERE t.kind <> 'func'";

static const char fields[] =
	"SELECT found.name, t.text, m.key, m.value ->> 0, f.text, coalesce(m.value ->> 2, 0)"
	FOUND " JOIN type AS t" OF_SERVICE("t") MEMBERS("t") TYPE_OF_MEMBER("f", "service.id")
	" WHERE t.kind IN ('struct', 'union')";

static const char enumerators[] =
	"SELECT found.name, t.text, m.value ->> 0, coalesce(m.value ->> 3, 0), m.value ->> 8" FOUND " JOIN type AS t"
	OF_SERVICE("t") MEMBERS("t") " WHERE t.kind = 'enum'";

/* What the errors of results are, through all their names. */
static const char errors[] =
	"WITH RECURSIVE refused(service, found, shown, type) AS ("
	"SELECT service.id, found.name, e.text, e.id" FOUND " JOIN type AS r" OF_SERVICE("r")
	MEMBERS("r") TYPE_OF_MEMBER("e", "service.id") " WHERE r.kind = 'result' AND m.value ->> 0 = 'twz_err'"
	" UNION SELECT service, found, shown, (service << 32) + type.target FROM refused"
	" JOIN type ON type.id = refused.type WHERE type.kind = 'typedef')"
	" SELECT found, shown, m.value ->> 0, coalesce(m.value ->> 3, 0), m.value ->> 8 FROM refused"
	" JOIN type AS t ON t.id = refused.type AND t.kind = 'enum'" MEMBERS("t");

static const char libraries[] =
	"SELECT service.name, file.path, service.version, service.recorded, service.gates, service.partial,"
	" service.debug_path, service.maker, datetime(service.stored, 'unixepoch')"
	" FROM file JOIN service ON service.id = file.service";

static const char functions[] =
	"SELECT service.name, g.name, returns(g.signature), g.signature, g.verdict, g.why, coalesce(g.how, ''),"
	" g.file, g.line, file.path FROM file JOIN service ON service.id = file.service"
	" JOIN gate AS g" OF_SERVICE("g") " WHERE g.role IS NULL";

static const char history[] =
	"SELECT id, strftime('%Y-%m-%d %H:%M:%S', at / 1000, 'unixepoch', 'localtime'), status, ns, folder, text"
	" FROM entered";

static const struct sql_named tables[] = {
	{ "services", "name version gates doc path", "name, version, gates, doc",
	  "the services that can be called now", services, NULL },
	{ "gates", "gate service name returns fails signature requires level readonly verdict why doc file line",
	  "gate, returns, signature, doc", "their gates; returns: without Result<…>, fails: the type of its errors",
	  gates, NULL },
	{ "params", "gate place name type direction secret optional", "*", "what the gates take", params, NULL },
	{ "types", "service type kind size align", "*", "the types that these gates reach", types, NULL },
	{ "fields", "service struct place name type offset", "*", "fields of their structs and unions", fields,
	  NULL },
	{ "enumerators", "service enum name value text", "*", "names and numbers of their enums", enumerators,
	  NULL },
	{ "errors", "service type name value text", "*", "the errors that their gates give", errors, NULL },
	{ "libraries", "name path version gates functions partial debug maker stored", "name, gates, functions, path",
	  "every file that the registry knows", libraries, NULL },
	{ "functions", "library name returns signature verdict why how file line path",
	  "library, name, returns, signature", "every function of these, gate or not", functions, NULL },
	{ "compartments", "id service state level mechanism pid links calls faults restarts memory why", "*",
	  "the compartments of this session", NULL, sql_compartments },
	{ "links", "id caller caller_id service compartment thread depth calls", "*",
	  "who holds a link to a compartment now; caller none: this session", NULL, sql_links },
	{ "handlers", "compartment gate handler grate in_use all_gates required state answered", "*",
	  "which gates of other compartments answer for which: see sys::interpose", NULL, sql_handlers },
	{ "calls", "gate service name n errors failures p50 p90 p99 longest session began ended status context script",
	  "gate, n, errors, failures, p50, p90, p99, script, ended",
	  "what this session (ended: none) and earlier ones called, how often, and how many nanoseconds it took",
	  NULL, sql_calls },
	{ "variables", "name type value", "*", "the variables in scope; value: as it is shown", NULL, sql_variables },
	{ "history", "id at status ns folder text", "at, status, ns, text",
	  "what was entered at prompts, with its status and time; empty in a private session", history, NULL },
	{ "builtin", "service name signature doc", "*", "the gates of sys and naming, which no registry holds", NULL,
	  sql_builtin },
	{ "found", "name path", "*", "which file each service is", NULL, sql_found },
	{ "words", "name kind usage help", "*", "the words of the language", NULL, sql_words },
	{ "tables", "name columns help", "*", "these tables", NULL, sql_tables },
};

const struct sql_named *
sql_named(size_t *n)
{
	*n = TWZ_COUNT(tables);
	return tables;
}

const struct sql_named *
sql_named_find(const char *name, size_t n)
{
	for (size_t i = 0; i < TWZ_COUNT(tables); i++)
		if (strlen(tables[i].name) == n && !strncasecmp(tables[i].name, name, n))
			return &tables[i];
	return NULL;
}

static bool
among(const char *words, const char *word, size_t n)
{
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (length == n && !strncasecmp(at, word, n))
			return true;
		at += length;
	}
	return false;
}

bool
sql_has_column(const struct sql_named *t, const char *word, size_t n)
{
	return among(t->columns, word, n);
}

bool
sql_is_keyword(const char *word, size_t n)
{
	return among("and or not null true false case when then else end in between exists select distinct "
		     "collate escape is like glob order by limit offset group having asc desc", word, n);
}

bool
sql_table(size_t i, const char **name, const char **columns, const char **help)
{
	if (i >= TWZ_COUNT(tables))
		return false;
	*name = tables[i].name;
	*columns = tables[i].columns;
	*help = tables[i].help;
	return true;
}
