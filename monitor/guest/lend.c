/* Memory that this compartment lends to others, and what it has borrowed: twz_lend(), twz_borrow(). */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "twz/util.h"

static struct mapped_memory {
	struct mapped_memory *next;
	uint64_t id[2], size;
	void *memory;
	bool lent;
} *first;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct mapped_memory *
ask(struct message *head)
{
	const struct guest_link *current = dispatch_current();
	struct mapped_memory *m = calloc(1, sizeof(*m));
	bool lend = head->kind == MESSAGE_LEND;
	struct question q;

	errno = m ? EPERM : ENOMEM;
	if (!current || !m) {
		free(m);
		return NULL;
	}
	nested_question(current, head, NULL, 0, &q);
	free(q.bytes);
	*m = (struct mapped_memory){ NULL, { q.head.word[0], q.head.word[1] }, q.head.word[2], MAP_FAILED, lend };
	errno = (int)q.head.word[3];
	if (q.fd >= 0)
		m->memory = mmap(NULL, m->size, lend ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, q.fd, 0);
	twz_closep(&q.fd);
	if (m->memory == MAP_FAILED) {
		free(m);
		return NULL;
	}
	pthread_mutex_lock(&lock);
	m->next = first;
	first = m;
	pthread_mutex_unlock(&lock);
	return m;
}

__attribute__((visibility("default"))) void *
twz_lend(size_t n, ObjID *id)
{
	struct message head = { .kind = MESSAGE_LEND, .word = { n } };
	const struct mapped_memory *m = ask(&head);

	if (!m)
		return NULL;
	*id = (ObjID){ m->id[0], m->id[1] };
	return m->memory;
}

__attribute__((visibility("default"))) const void *
twz_borrow(ObjID id, size_t *n)
{
	struct message head = { .kind = MESSAGE_BORROW, .word = { id.twz_low, id.twz_high } };
	const struct mapped_memory *m = ask(&head);

	if (!m)
		return NULL;
	*n = m->size;
	return m->memory;
}

__attribute__((visibility("default"))) void
twz_give_back(const void *memory)
{
	struct mapped_memory **at = &first, *m;

	pthread_mutex_lock(&lock);
	while (*at && (*at)->memory != memory)
		at = &(*at)->next;
	m = *at;
	if (m)
		*at = m->next;
	pthread_mutex_unlock(&lock);
	if (!m)
		return;
	if (m->lent)
		message_send(GUEST_CONTROL_FD, &(struct message){ .kind = MESSAGE_TAKE_BACK,
								   .word = { m->id[0], m->id[1] } }, NULL, 0, NULL, 0);
	munmap(m->memory, m->size);
	free(m);
}
