/*
 * usage: by_name
 *
 * Calls gates of the service calc without a stub: they are looked up by name, and what they take is checked
 * when they are called. Then a call that nobody waits for, one that is given up, and what became of the
 * compartment.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <twz/call.h>
#include <twz/gate.h>

/* As the service has it: Result<i32, MathError>. */
enum MathError { DivisionByZero = 1 };
TWZ_RESULT(quotient, int32_t, enum MathError);

static int
complain(const char *what)
{
	twz_perror(what);
	return twz_failed() ? twz_failed()->status : 1;
}

/* Until the descriptor can be read. */
static void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 1)
		;
}

static int
call_by_name(struct twz_compartment *calc)
{
	struct twz_gate_ref *divide = twz_gate_lookup(calc, "divide");
	const struct twz_arg args[] = { TWZ_A_INT(17), TWZ_A_INT(5) };
	struct quotient q;
	char less;

	if (!divide || twz_gate_call(divide, args, 2, &q, sizeof(q)))
		return complain("divide");
	printf("%s: %s %" PRId32 "\n", twz_gate_signature(divide),
	       q.twz_state == TWZ_STATE_OK ? "ok" : "error", q.twz_ok);
	if (!twz_gate_call(divide, args, 2, &less, sizeof(less)))
		return 1;
	twz_perror("a result of another size");
	if (!twz_gate_call(divide, (struct twz_arg[]){ TWZ_A_INT(17), TWZ_A_INT(INT64_C(1) << 40) }, 2, &q,
			   sizeof(q)))
		return 1;
	twz_perror("a number that does not fit");
	if (twz_gate_lookup(calc, "no_such_gate"))
		return 1;
	twz_perror("no such gate");
	return 0;
}

/* Two calls at once; the second one would take for ever. */
static int
call_and_cancel(struct twz_compartment *calc, struct twz_compartment *fault)
{
	struct twz_gate_ref *add = twz_gate_lookup(calc, "add"), *spin = twz_gate_lookup(fault, "spin");
	struct twz_task *sum, *never;
	int32_t result;

	if (!add || !spin)
		return complain("look up");
	never = twz_gate_start(spin, NULL, 0);
	sum = twz_gate_start(add, (struct twz_arg[]){ TWZ_A_INT(40), TWZ_A_INT(2) }, 2);
	if (!never || !sum)
		return complain("start");
	await(twz_task_fd(sum));
	if (twz_task_finish(sum, &result, sizeof(result)))
		return complain("add");
	printf("40 + 2 = %" PRId32 "\n", result);
	if (twz_task_cancel(never))
		return complain("cancel");
	if (!twz_task_finish(never, NULL, 0))
		return 1;
	twz_perror("spin");
	twz_task_free(sum);
	twz_task_free(never);
	return 0;
}

int
main(void)
{
	const struct twz_load_options own = { .name = "my_calc", .isolation = TWZ_ISOLATION_FULL };
	struct twz_compartment *calc, *fault;
	struct twz_event event;
	struct twz_end end;
	int status, changes = twz_events();

	if (changes < 0)
		return complain("open");
	calc = twz_load("calc", &own);
	fault = twz_hold("fault");
	if (!calc || !fault)
		return complain("load");
	status = call_by_name(calc);
	if (!status)
		status = call_and_cancel(calc, fault);
	if (!status && (twz_signal(calc, 15) || twz_wait(calc, TWZ_STATE_EXITED, 5000, &end)))
		status = complain("end");
	if (status)
		return status;
	printf("%s was ended by signal %d\n", twz_compartment_name(calc), end.signal);
	for (await(changes); twz_next_event(&event) == 1;)
		if (event.state == TWZ_STATE_EXITED)
			printf("%s has ended\n", event.compartment);
	twz_unload(calc);
	twz_unload(fault);
	twz_close();
	return 0;
}
