/* Types that are rare and must be exact nevertheless: the oracle's own library, for its quick part. */
#include <complex.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

typedef float vec4 __attribute__((vector_size(16)));
typedef int (*compare_fn)(const void *, const void *);
typedef struct { int x, y; } point;
typedef const char *const *names_t;
typedef char label[16];
typedef struct list list;
typedef volatile uint32_t reg;
typedef enum { RED, GREEN = 5, BLUE } color;

enum wide { BELOW = -5, HUGE_ONE = 0x7fffffffffffffff };
enum big { TOP = 0xffffffffffffffff };
enum later;

struct unknown;

struct list {
	list *next, **tail;
	struct list *(*clone)(const list *, struct { int depth; } *);
	void *data;
};

struct bits {
	unsigned a : 1, b : 3;
	int c : 7;
	unsigned : 0;
	unsigned long long d : 33;
	_Bool e : 1;
	signed char f : 4;
};

struct __attribute__((packed)) packed {
	char c;
	int i;
	double d;
	unsigned k : 5, l : 11;
};

struct aligned {
	char c;
	_Alignas(32) int i;
} __attribute__((aligned(64)));

struct nested {
	int kind;
	union {
		struct { short lo, hi; };
		int whole;
		struct { float re, im; } pair[2];
		enum { INNER_A, INNER_B = 9 } inner;
	};
	struct { union { char c; long l; } u; } deep;
};

struct flexible { size_t n; point items[]; };
struct none { int n; char zero[0]; };
struct empty {};
union value { int i; double d; char text[24]; struct nested *n; };
struct grid { int cells[3][4]; const char *const names[2]; label labels[2]; };
struct quals { const volatile int cv; char *restrict r; const int *const cp; _Atomic int at; reg status; };
struct callbacks { compare_fn compare; int (*(*table)[4])(char); void (*va)(const char *, ...); };

void odd_vector(vec4 v, vec4 *out) { *out = v; }
double _Complex odd_complex(float _Complex a, long double _Complex *b) { return a + (double)creal((double _Complex)*b); }
__int128 odd_int128(unsigned __int128 a) { return (__int128)a; }
long double odd_long_double(long double x) { return x; }
int odd_atomic(_Atomic int *p, _Atomic(long) q) { return atomic_load(p) + (int)q; }
void odd_bits(struct bits b, struct bits *p) { *p = b; }
int odd_packed(struct packed p, const struct packed *q) { return p.i + q->i; }
int odd_aligned(struct aligned *a) { return a->i; }
struct nested odd_nested(struct nested n) { return n; }
size_t odd_flexible(const struct flexible *f, struct none *n, struct empty *e) { (void)e; return f->n + (size_t)n->n; }
union value odd_union(union value v) { return v; }
list *odd_list(list *l, names_t names) { (void)names; return l->next; }
int odd_grid(struct grid *g, int m[3][4], const int row[static 2]) { return g->cells[0][0] + m[0][0] + row[0]; }
int odd_vla(int n, int m[n][n]) { return m[0][0]; }
const volatile int *odd_quals(struct quals *q, char *restrict a, const char *const b) { (void)a, (void)b; return &q->cv; }
compare_fn odd_returns(int which) { (void)which; return 0; }
int (*(*odd_returns_deep(int a, compare_fn f))(char))[5] { (void)a, (void)f; return 0; }
int odd_callbacks(struct callbacks *c, int (*f)(int, int (*)(char)), void (**g)(void)) { (void)g; return c->compare(0, 0) + f(1, 0); }
int odd_variadic(const char *fmt, ...) { return *fmt; }
int odd_va_list(const char *fmt, va_list ap) { (void)ap; return *fmt; }
int odd_knr(a, b, c) int a; char b; float c; { return a + b + (int)c; }
int odd_noproto() { return 0; }
void odd_void(void) {}
struct unknown *odd_opaque(struct unknown *u, enum later *l) { (void)l; return u; }
enum wide odd_enum(enum wide w, enum big b, color c) { (void)b, (void)c; return w; }
_Bool odd_chars(char a, signed char b, unsigned char c, wchar_t d, short e, unsigned short f) { return a + b + c + (int)d + e + f; }
int odd_volatile(volatile int *p, reg *r) { return *p + (int)*r; }
void odd_array_pointer(int (*p)[8], const char (*q)[4], label *l) { (void)p, (void)q, (void)l; }
_Noreturn void odd_noreturn(int status) { (void)status; for (;;) ; }
FILE *odd_file(FILE *f, fpos_t *pos, ptrdiff_t d) { (void)pos, (void)d; return f; }
struct { int left, right; } odd_pair(int a);
__typeof(odd_pair(0)) odd_pair(int a) { return (__typeof(odd_pair(0))){ a, a }; }

int odd_alias(const char *, ...) __attribute__((alias("odd_variadic")));
int odd_weak(int a) __attribute__((weak));
int odd_weak(int a) { return a; }

static int chosen(const char *a, int b) { return *a + b; }
static int (*choose(void))(const char *, int) { return chosen; }
int odd_ifunc(const char *a, int b) __attribute__((ifunc("choose")));

__asm__(".globl odd_asm\n.type odd_asm, @function\nodd_asm:\n\tret\n\t.size odd_asm, 1\n");
