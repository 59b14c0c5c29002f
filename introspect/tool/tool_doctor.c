/* doctor LIB…: where debug information was looked for, what was found, what is missing, what to do. */
#include <stdio.h>

#include "introspect/doctor/doctor.h"
#include "introspect/tool/tool.h"

static bool
examine(struct request *r, void *data)
{
	const char *path = data;
	struct twz_error err = { 0 };
	struct doctor doctor;

	if (!doctor_examine(path, &r->options, &r->arena, &doctor, &err))
		return tool_complain(path, &err);
	if (r->show == TOOL_JSON)
		doctor_json(stdout, &doctor);
	else
		doctor_text(stdout, &doctor, r->colour);
	return doctor_content(&doctor);
}

int
tool_doctor(struct request *r, char **args)
{
	const char **files;
	int status;

	if (r->show != TOOL_TEXT && r->show != TOOL_JSON) {
		fprintf(stderr, "%s: doctor: only text and --json\n", tool_name);
		return tool_usage();
	}
	files = tool_files(r, args);
	status = tool_any(files, args) ? 0 : 1;
	for (const char **file = files; file && *file; file++) {
		if (file != files && r->show != TOOL_JSON)
			putchar('\n');
		status |= tool_confined(r, *file, examine, (void *)(uintptr_t)*file);
	}
	return status;
}
