/*
 * From a symbol to its type where the way is not straight: versions, aliases, assembly, folded
 * functions, types that units disagree about, other languages. The right answer or none.
 */
#include "tests/unit/unit.h"

#include "tests/unit/introspect_fixture.h"

static void
check(const struct twz_service *service, const char *name, const char *signature, const char *how,
      const char *why)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_gate *gate = gate_of(service, name);

	assert_string_equal(twz_signature_text(&arena, gate), signature);
	assert_string_equal(gate->how, how);
	if (!strstr(gate->why, why) || (!*why && *gate->why))
		fail_msg("%s: %s, not %s", name, gate->why, why);
}

/* -- versions --------------------------------------------------------------------------------------- */

static void
test_versions(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;

	(void)state;
	write_text("v.c",
		   "int old_total(double a, double b) { return a < b; }\n"
		   "int new_total(const double *a, const double *b) { return *a < *b; }\n"
		   "__asm__(\".symver old_total, total@V1\");\n"
		   "__asm__(\".symver new_total, total@@V2\");\n"
		   "int new_ancient(int a) { return a; }\n"
		   "__asm__(\".globl old_ancient\\n.type old_ancient, @function\\nold_ancient: ret\\n\"\n"
		   "\".size old_ancient, 1\\n.symver old_ancient, ancient@V1\\n\"\n"
		   "\".symver new_ancient, ancient@@V2\");\n");
	write_text("w.c", "int ancient(int a); long call(void); long call(void) { return ancient(1); }\n");
	write_text("v.map", "V1 { global: total; ancient; local: *; };\n"
			    "V2 { global: total; ancient; } V1;\n");
	assert_int_equal(shell("cd $D && gcc -g -O2 -fPIC -shared -Wl,--version-script=v.map -o v.so "
			       "v.c w.c"), 0);
	s = inspect_ok(in_folder("v.so"), true, &arena);
	assert_int_equal(s->ngates, 4);
	check(s, "ancient", "ancient(a: i32) -> i32", "alias", "");
	check(s, "ancient@V1", "ancient@V1(?)", "none", "an old version of the symbol");
	check(s, "total", "total(a: *const f64, b: *const f64) -> i32", "alias", "parameter 'a'");
	check(s, "total@V1", "total@V1(a: f64, b: f64) -> i32", "alias", "an old version of the symbol");
	assert_string_equal(gate_of(s, "total")->version, "V2");
	assert_string_equal(gate_of(s, "total")->alias_of, "new_total");
	assert_string_equal(gate_of(s, "total@V1")->symbol, "total");
	assert_int_equal(gate_of(s, "total@V1")->verdict, TWZ_VERDICT_REFUSED);
}

/* -- assembly --------------------------------------------------------------------------------------- */

static void
test_assembly(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;

	(void)state;
	write_text("asm.s", "\t.globl known_too\n\t.type known_too, @function\n\t.set known_too, known\n"
			    "\t.text\n\t.irp name, unknown, known, torn, plain\n\t.globl \\name\n"
			    "\t.type \\name, @function\n\\name:\tret\n\t.size \\name, . - \\name\n"
			    "\t.endr\n\t.section .note.GNU-stack, \"\", @progbits\n");
	write_text("one.c", "long known(const char *text, int n); int torn(int a); int plain();\n"
			    "long call_one(void) { return known(\"\", 1) + torn(2) + plain(3); }\n"
			    "int body(int a, long b) { return a + (int)b; }\n"
			    "__asm__(\".globl same\\n.type same, @function\\n.set same, body\");\n");
	write_text("two.c", "long known(const char *text, int n); int torn(int a, int b);\n"
			    "long call_two(void) { return known(\"\", 1) + torn(2, 3); }\n");
	assert_int_equal(shell("cd $D && gcc -g -O2 -w -fPIC -shared -o asm.so -x assembler asm.s "
			       "-x c one.c two.c"), 0);
	s = inspect_ok(in_folder("asm.so"), true, &arena);
	check(s, "unknown", "unknown(?)", "none", "written in assembly");
	check(s, "known", "known(_: string, _: i32) -> i64", "decl", "");
	check(s, "known_too", "known_too(_: string, _: i32) -> i64", "alias", "");
	assert_string_equal(gate_of(s, "known_too")->alias_of, "known");
	check(s, "torn", "torn(?)", "none", "declared differently");
	check(s, "plain", "plain(?)", "none", "written in assembly");
	check(s, "same", "same(a: i32, b: i64) -> i32", "alias", "");
	assert_string_equal(gate_of(s, "same")->alias_of, "body");
	assert_string_equal(gate_of(s, "unknown")->language, "assembly");
	assert_string_equal(gate_of(s, "known")->language, "assembly");
	assert_null(gate_of(s, "unknown")->type);
}

/* A type that comes from a declaration in another file, or out of a chooser, is read as far as a verdict needs it. */
static void
test_taken_elsewhere(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;

	(void)state;
	write_text("own.c", "struct t { int *inner; int n; }; struct flat { int a, b; };\n"
			    "int body(const struct t *t) { return t->n; }\n"
			    "__asm__(\".globl other\\n.type other, @function\\n.set other, body\");\n"
			    "static int flat(const struct flat *f) { return f->a; }\n"
			    "static int deep(const struct t *t) { return t->n; }\n"
			    "static int (*pick_flat(void))(const struct flat *) { return flat; }\n"
			    "static int (*pick_deep(void))(const struct t *) { return deep; }\n"
			    "int chosen(const struct flat *f) __attribute__((ifunc(\"pick_flat\")));\n"
			    "int refused(const struct t *t) __attribute__((ifunc(\"pick_deep\")));\n"
			    "int *gives(const struct t *t) { return t->inner; }\n"
			    "void *nothing(const struct t *t, struct flat f) { return t->n + f.a ? t->inner : 0; }\n"
			    "int second(struct t *p, const struct t *t, struct flat f) { return p->n + t->n + f.a; }\n"
			    "int pointed(int (*f)(const struct t *t), const struct t *t) { return f(t); }\n"
			    "int fine(const char *s, const struct flat *f) { return *s + f->b; }\n");
	write_text("others.c", "struct t { int *inner; int n; }; int other(const struct t *t);\n"
			       "int call(int n) { struct t t = { 0, n }; return other(&t); }\n");
	assert_int_equal(shell("cd $D && gcc -g -O1 -fPIC -shared -o elsewhere.so own.c others.c"), 0);
	s = inspect_ok(in_folder("elsewhere.so"), true, &arena);
	check(s, "other", "other(t: t) -> i32", "alias", "parameter 't' in field 'inner'");
	check(s, "chosen", "chosen(_: flat) -> i32", "ifunc", "");
	check(s, "refused", "refused(_: t) -> i32", "ifunc", "parameter 1 in field 'inner'");
	check(s, "second", "second(p: *t, t: t, f: flat) -> i32", "low_pc", "parameter 'p'");
	check(s, "pointed", "pointed(f: fn(t) -> i32, t: t) -> i32", "low_pc", "parameter 'f'");
	check(s, "fine", "fine(s: string, f: flat) -> i32", "low_pc", "");
}

/* -- optimised -------------------------------------------------------------------------------------- */

/* Functions with one body and different types, one that others have swallowed, link time optimisation. */
static void
test_folded(void **state)
{
	static const char *const flags[] = { "-O2 -gdwarf-5", "-O2 -gdwarf-4", "-O2 -flto" };

	(void)state;
	write_text("fold.c",
		   "struct a { int n; char *t; }; struct b { int n; char *u; };\n"
		   "struct a *dup_a(struct a *from, long extra) { for (int i = 0; i < 100; i++) from->n += i * extra; return from; }\n"
		   "struct b *dup_b(struct b *from, long extra) { for (int i = 0; i < 100; i++) from->n += i * extra; return from; }\n"
		   "int ignores(int first, int second, int third) { return second + third; }\n"
		   "int uses(int n) { return ignores(1, n, 3) + ignores(2, n, 4); }\n");
	for (size_t i = 0; i < TWZ_COUNT(flags); i++) {
		TWZ_ARENA arena = { 0 };
		const struct twz_service *s;

		assert_int_equal(shell("cd $D && gcc -g %s -fPIC -shared -o fold.so fold.c", flags[i]), 0);
		s = inspect_ok(in_folder("fold.so"), true, &arena);
		assert_string_equal(twz_signature_text(&arena, gate_of(s, "dup_a")),
				    "dup_a(from: *a, extra: i64) -> *a");
		assert_string_equal(twz_signature_text(&arena, gate_of(s, "dup_b")),
				    "dup_b(from: *b, extra: i64) -> *b");
		assert_string_equal(twz_signature_text(&arena, gate_of(s, "ignores")),
				    "ignores(first: i32, second: i32, third: i32) -> i32");
	}
}

/* -- types that units disagree about ---------------------------------------------------------------- */

static void
test_disagreement(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;
	const struct twz_type *agreed;

	(void)state;
	write_text("user.c", "struct torn; struct agreed; union other; enum level;\n"
			     "int f(const struct torn *t, const struct agreed *a, const union other *o) { return t && a && o; }\n"
			     "int g(const struct agreed *a) { return a != 0; }\n");
	write_text("def1.c", "struct agreed { int n; struct part { char c[3]; } part; }; union other { int i; };\n"
			     "struct torn { int a, b; }; int d1(struct torn t, struct agreed a, union other o) { return t.a + a.n + o.i; }\n");
	write_text("def2.c", "struct agreed { int n; struct part { char c[3]; } part; }; union other { int i; };\n"
			     "struct torn { long ab; }; int d2(struct torn t, struct agreed a, union other o) { return t.ab + a.n + o.i; }\n");
	assert_int_equal(shell("cd $D && gcc -g -fPIC -shared -o torn.so user.c def1.c def2.c"), 0);
	s = inspect_ok(in_folder("torn.so"), true, &arena);
	assert_string_equal(twz_signature_text(&arena, gate_of(s, "f")),
			    "f(t: *const torn, a: agreed, o: *const other) -> i32");
	agreed = gate_of(s, "f")->type->members[0].type->target;
	assert_int_equal(agreed->kind, TWZ_OPAQUE);
	assert_int_equal(agreed->form, TWZ_FORM_STRUCT);
	assert_string_equal(agreed->why, "defined differently in different source files");
	agreed = gate_of(s, "g")->type->members[0].type->target;
	assert_int_equal(agreed->kind, TWZ_STRUCT);
	assert_int_equal(agreed->nmembers, 2);
	assert_int_equal(agreed->members[1].type->size, 3);
	check(s, "g", "g(a: agreed) -> i32", "low_pc", "");
	assert_string_equal(twz_signature_text(&arena, gate_of(s, "d1")),
			    "d1(t: torn, a: agreed, o: other) -> i32");
	assert_int_equal(gate_of(s, "d2")->type->members[0].type->nmembers, 1);
}

/* -- other languages -------------------------------------------------------------------------------- */

static void
test_cxx(void **state)
{
	static const char *const compilers[] = { "g++", "clang++" };

	(void)state;
	write_text("c.cc", "namespace space { struct plain { int n; };\n"
			   "class base { public: virtual ~base(); virtual int turn(int n); };\n"
			   "class other { public: virtual int spin(); };\n"
			   "class derived : public base, public other { public: derived(); ~derived(); int turn(int n) override; int spin() override; static int plainly(plain p); int field; };\n"
			   "base::~base() { } int base::turn(int n) { return n; } int other::spin() { return 1; }\n"
			   "derived::derived() : field(0) { } derived::~derived() { }\n"
			   "int derived::turn(int n) { return n + field; } int derived::spin() { return field; }\n"
			   "int derived::plainly(plain p) { return p.n; }\n"
			   "int takes(derived d, const plain &p) { return d.field + p.n; }\n"
			   "extern \"C\" int flat(const plain *p) { return p->n; } }\n");
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++) {
		TWZ_ARENA arena = { 0 };
		const struct twz_service *s;

		if (!have(compilers[c]))
			continue;
		assert_int_equal(shell("cd $D && %s -g -O1 -fPIC -shared -o cxx.so c.cc", compilers[c]), 0);
		s = inspect_ok(in_folder("cxx.so"), true, &arena);
		assert_string_equal(gate_of(s, "_ZN5space7derived4turnEi")->shown, "space::derived::turn");
		assert_string_equal(gate_of(s, "_ZN5space7derived4turnEi")->language, "C++");
		assert_string_equal(gate_of(s, "_ZN5space7derived4turnEi")->why,
				    "a function of a C++ class: it needs an object");
		assert_int_equal(gate_of(s, "_ZN5space7derivedD0Ev")->verdict, TWZ_VERDICT_REFUSED);
		assert_int_equal(gate_of(s, "_ZN5space7derivedC1Ev")->verdict, TWZ_VERDICT_REFUSED);
		assert_int_equal(gate_of(s, "_ZN5space7derivedC2Ev")->verdict, TWZ_VERDICT_REFUSED);
		check(s, "_ZThn8_N5space7derived4spinEv", "_ZThn8_N5space7derived4spinEv(?)", "none",
		      "a C++ thunk");
		assert_int_equal(gate_of(s, "_ZN5space7derived7plainlyENS_5plainE")->verdict,
				 TWZ_VERDICT_CALLABLE);
		assert_int_equal(gate_of(s, "_ZN5space5takesENS_7derivedERKNS_5plainE")->
				 type->members[0].type->form, TWZ_FORM_CLASS);
		assert_int_equal(gate_of(s, "_ZN5space5takesENS_7derivedERKNS_5plainE")->
				 type->members[1].type->form, TWZ_FORM_REFERENCE);
		assert_int_equal(gate_of(s, "_ZN5space5takesENS_7derivedERKNS_5plainE")->
				 type->members[1].type->quals, TWZ_CONST);
		check(s, "flat", "flat(p: plain) -> i32", "low_pc", "");
	}
}

/* What a unit says of its language, in the compiler's own output. */
/* Whoever asks why it cannot be called is not told to make a va_list const; and gcc's name for it is no name. */
static void
test_va_list(void **state)
{
	static const char *const compilers[] = { "gcc", "g++ -xc++", "clang", "clang++ -xc++" };

	(void)state;
	write_text("va.c", "#include <stdarg.h>\n#ifdef __cplusplus\nextern \"C\"\n#endif\n"
			   "int say(const char *format, va_list ap) { return va_arg(ap, int) + *format; }\n");
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++) {
		TWZ_ARENA arena = { 0 };

		if (shell("command -v %s >/dev/null 2>&1", twz_strndup(&arena, compilers[c], strcspn(compilers[c], " "))))
			continue;
		assert_int_equal(shell("cd $D && %s -g -O1 -fPIC -shared -o va.so va.c", compilers[c]), 0);
		check(inspect_ok(in_folder("va.so"), true, &arena), "say",
		      "say(format: string, ap: *__va_list_tag) -> i32", "low_pc",
		      "parameter 'ap': a va_list, which only its caller in C can have");
	}
}

static void
test_languages(void **state)
{
	static const struct { const char *code, *name, *why; enum twz_verdict verdict; } rows[] = {
		{ "0x1d", "C", "", TWZ_VERDICT_CALLABLE },
		{ "0x22", "Fortran", "written in Fortran", TWZ_VERDICT_REFUSED },
		{ "0xd", "Ada", "written in Ada", TWZ_VERDICT_REFUSED },
		{ "0x13", "D", "written in D", TWZ_VERDICT_REFUSED },
		{ "0x16", "Go", "written in Go", TWZ_VERDICT_REFUSED },
		{ "0x9", "Pascal", "written in Pascal", TWZ_VERDICT_REFUSED },
		{ "0x1c", "Rust", "written in Rust", TWZ_VERDICT_CARE },
		{ "0x7e", "another language", "written in another language", TWZ_VERDICT_REFUSED },
	};

	(void)state;
	write_text("l.c", "struct s { int a; }; int f(int n) { return n; } int by_value(struct s s) { return s.a; }\n");
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		TWZ_ARENA arena = { 0 };
		const struct twz_service *s;

		assert_int_equal(shell("cd $D && gcc -g -dA -fPIC -S -o l.s l.c && sed -i "
				       "'/# DW_AT_language/s/0x[0-9a-f]*/%s/' l.s && "
				       "gcc -shared -o l.so l.s", rows[i].code), 0);
		s = inspect_ok(in_folder("l.so"), true, &arena);
		check(s, "f", "f(n: i32) -> i32", "low_pc", rows[i].why);
		assert_int_equal(gate_of(s, "f")->verdict, rows[i].verdict);
		assert_string_equal(gate_of(s, "f")->language, rows[i].name);
		if (!strcmp(rows[i].name, "Rust"))
			check(s, "by_value", "by_value(s: s) -> i32", "low_pc", "a struct of Rust's by value");
	}
}

/* -- many units, split units ------------------------------------------------------------------------ */

/* A unit of so many bytes that all are walked by several threads. */
static const char large_unit[] =
	".section .debug_info,\"\",@progbits\n"
	".long 9f - 1f\n1: .short 5\n.byte 1, 8\n.long 0f\n.uleb128 1\n.long 33 << 20\n.skip 33 << 20\n9:\n"
	".section .debug_abbrev,\"\",@progbits\n"
	"0: .uleb128 1, 0x11\n.byte 0\n.uleb128 0x2000, 4, 0, 0, 0\n"
	".section .note.GNU-stack,\"\",@progbits\n";

/* The definition stands in the middle of many units. */
static void
test_many_units(void **state)
{
	static const char *const files[] = { "few.so", "many.so" };
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;

	(void)state;
	write_text("unit.c", "struct filler { int a; }; static int __attribute__((used)) f(struct filler *x) { return x->a; }\n");
	write_text("ends.c", "struct hidden; int ask(const struct hidden *h) { return h != 0; }\n");
	write_text("mid.c", "struct hidden { int n; }; int tell(struct hidden h) { return h.n; }\n");
	write_text("large.s", large_unit);
	assert_int_equal(shell("cd $D && gcc -g -fPIC -c unit.c ends.c mid.c large.s && u= && "
			       "for i in $(seq 300); do u=\"$u unit.o\"; done && "
			       "gcc -shared -o few.so ends.o $u mid.o $u && "
			       "gcc -shared -o many.so ends.o $u mid.o large.o $u"), 0);
	for (size_t i = 0; i < TWZ_COUNT(files); i++) {
		s = inspect_ok(in_folder(files[i]), true, &arena);
		assert_int_equal(s->ngates, 2);
		assert_false(s->partial);
		check(s, "ask", "ask(h: hidden) -> i32", "low_pc", "");
		check(s, "tell", "tell(h: hidden) -> i32", "low_pc", "");
	}
}

static void
test_split_units(void **state)
{
	static const char *const flags[] = { "-gdwarf-4", "-gdwarf-5", "-gdwarf-4 -fdebug-types-section",
					     "-gdwarf-5 -fdebug-types-section", "-gdwarf-5 -O2" };

	(void)state;
	write_text("s.c", "struct shape { int n; struct { double x[2]; } in; }; enum kind { FLAT, ROUND = 7 };\n"
			  "double area(const struct shape *s, enum kind k) { return s->in.x[k]; }\n"
			  "struct shape *find(const char *name) { return *name ? 0 : (struct shape *)1; }\n");
	for (size_t i = 0; i < TWZ_COUNT(flags); i++) {
		TWZ_ARENA arena = { 0 };
		const struct twz_service *s;
		const struct twz_type *shape;

		assert_int_equal(shell("cd $D && gcc %s -gsplit-dwarf -fPIC -c -o s.o s.c && "
				       "gcc -shared -o s.so s.o", flags[i]), 0);
		s = inspect_ok(in_folder("s.so"), true, &arena);
		assert_false(s->partial);
		check(s, "area", "area(s: shape, k: kind) -> f64", "low_pc", "");
		shape = gate_of(s, "find")->type->target->target;
		assert_int_equal(shape->size, 24);
		assert_int_equal(shape->members[1].type->members[0].type->count, 2);
		assert_int_equal(gate_of(s, "area")->line, 2);
		assert_non_null(strstr(gate_of(s, "area")->file, "s.c"));
	}
	assert_int_equal(shell("rm $D/s.dwo"), 0);
	TWZ_ARENA arena = { 0 };

	assert_true(inspect_ok(in_folder("s.so"), true, &arena)->partial);
}

/* -- what is asked for ------------------------------------------------------------------------------ */

/* Only what matches; what a gate's record says of its parameters counts also in a listing. */
/* -- alternate files -------------------------------------------------------------------------------- */

/*
 * One file for the debug information that several libraries share: a declaration in it may be of a type that is
 * defined in the library, one in the library of a type that is defined in it. What other libraries have put there
 * says nothing about this one.
 */
static void
test_alternate(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s;

	(void)state;
	if (!have("dwz"))
		return;
	assert_int_equal(shell("cd $D && rm -f *.so; big() { echo \"struct $1 { int $1_first;\"; "
			       "for i in $(seq 60); do echo \"long $1_member_$i;\"; done; echo '};'; }; "
			       "{ big shared; echo 'int share(const struct shared *s) { return s->shared_first; }'; } >share.c; "
			       "{ big own; echo 'int keep(const struct own *o) { return o->own_first; }'; } >keep.c; "
			       "{ big foreign; echo 'int lose(const struct foreign *f) { return f->foreign_first; }'; } >lose.c; "
			       "{ echo 'struct own;'; big user; echo 'int use(const struct own *o, struct user *u) "
			       "{ return o && u->user_first; }'; } >use.c"), 0);
	write_text("ask.c", "struct shared; struct foreign; int ask(const struct shared *s) { return s != 0; }\n"
			    "int guess(const struct foreign *f) { return f != 0; }\n");
	assert_int_equal(shell("cd $D && for i in share keep lose use ask; do gcc -g -fPIC -c $i.c || exit 1; done && "
			       "gcc -shared -Wl,--build-id -o a.so ask.o share.o use.o keep.o && "
			       "gcc -shared -Wl,--build-id -o b.so share.o use.o lose.o && "
			       "gcc -shared -Wl,--build-id -o c.so share.o use.o lose.o -Wl,-z,now && "
			       "dwz -m common.debug a.so b.so c.so && "
			       "readelf --debug-dump=info common.debug | grep -q foreign_first && "
			       "readelf --debug-dump=info common.debug | grep -q shared_first && "
			       "! readelf -p .debug_str a.so | grep -q shared_first"), 0);
	s = inspect_ok(in_folder("a.so"), true, &arena);
	assert_false(s->partial);
	check(s, "ask", "ask(s: shared) -> i32", "low_pc", "");
	assert_int_equal(gate_of(s, "ask")->type->members[0].type->target->nmembers, 61);
	assert_int_equal(gate_of(s, "use")->type->members[0].type->target->nmembers, 61);
	check(s, "guess", "guess(f: *const foreign) -> i32", "low_pc",
	      "parameter 'f': a pointer to an opaque type cannot cross a gate");
}

static void
test_patterns(void **state)
{
	static const char *const patterns[] = { "buf*", "has_list", NULL };
	TWZ_ARENA arena = { 0 };
	const struct introspect_options options = { .all = true, .brief = true, .patterns = patterns };
	const struct twz_service *brief;
	struct twz_error err = { 0 };

	(void)state;
	assert_int_equal(shell("gcc -g -w -fPIC -shared -Iinclude -o $D/kinds.so " FIXTURES "kinds.c"), 0);
	assert_true(introspect_file(in_folder("kinds.so"), &options, &arena, &brief, &err));
	assert_int_equal(brief->ngates, 2);
	assert_string_equal(brief->gates[0].name, "buffers");
	assert_string_equal(brief->gates[1].name, "has_list");
	assert_int_equal(brief->gates[0].verdict, TWZ_VERDICT_CALLABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_assembly),
		cmocka_unit_test(test_taken_elsewhere),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_va_list),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_many_units),
		cmocka_unit_test(test_split_units),
		cmocka_unit_test(test_alternate),
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
