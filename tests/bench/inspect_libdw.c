/*
 * All signatures, by elfutils' libdw as its documentation uses it: what a program that does nothing clever
 * needs. A peer in the benchmark, never part of twz. Usage: inspect-libdw FILE.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { DEPTH = 32 };

static void put_type(Dwarf_Die *die, int depth);

static Dwarf_Die *
type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, DW_AT_type, &attr) ? dwarf_formref_die(&attr, ret) : NULL;
}

static const char *
name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = dwarf_attr_integrate(die, DW_AT_name, &attr) ? dwarf_formstring(&attr) : NULL;

	return name ? name : "";
}

static void
put_parameters(Dwarf_Die *function, int depth)
{
	Dwarf_Die child;
	int n = 0;

	putchar('(');
	if (!dwarf_child(function, &child))
		do {
			if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
				fputs(n++ ? ", ..." : "...", stdout);
			if (dwarf_tag(&child) != DW_TAG_formal_parameter)
				continue;
			if (n++)
				fputs(", ", stdout);
			put_type(&child, depth);
			printf(" %s", name_of(&child));
		} while (!dwarf_siblingof(&child, &child));
	putchar(')');
}

/* The type of @die. */
static void
put_type(Dwarf_Die *die, int depth)
{
	Dwarf_Die type;

	if (depth > DEPTH || !type_of(die, &type)) {
		fputs("void", stdout);
		return;
	}
	switch (dwarf_tag(&type)) {
	case DW_TAG_pointer_type:
		put_type(&type, depth + 1);
		fputs(" *", stdout);
		break;
	case DW_TAG_const_type:
		fputs("const ", stdout);
		put_type(&type, depth + 1);
		break;
	case DW_TAG_array_type:
		put_type(&type, depth + 1);
		fputs("[]", stdout);
		break;
	case DW_TAG_subroutine_type:
		put_type(&type, depth + 1);
		put_parameters(&type, depth + 1);
		break;
	default:
		fputs(name_of(&type), stdout);
	}
}

static void
put_unit(Dwarf_Die *unit)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		if (dwarf_tag(&die) != DW_TAG_subprogram || !dwarf_attr_integrate(&die, DW_AT_external, &attr) ||
		    (!dwarf_hasattr(&die, DW_AT_low_pc) && !dwarf_hasattr(&die, DW_AT_ranges)))
			continue;
		put_type(&die, 0);
		printf(" %s", name_of(&die));
		put_parameters(&die, 0);
		putchar('\n');
	} while (!dwarf_siblingof(&die, &die));
}

int
main(int argc, char **argv)
{
	Dwarf_Off offset = 0, next;
	size_t header;
	Dwarf *dwarf;
	int fd;

	if (argc < 2 || (fd = open(argv[1], O_RDONLY | O_CLOEXEC)) < 0 || !(dwarf = dwarf_begin(fd, DWARF_C_READ))) {
		fprintf(stderr, "inspect-libdw: %s\n", dwarf_errmsg(-1));
		return 1;
	}
	for (; !dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL); offset = next) {
		Dwarf_Die unit;

		if (dwarf_offdie(dwarf, offset + header, &unit))
			put_unit(&unit);
	}
	dwarf_end(dwarf);
	close(fd);
	return 0;
}
