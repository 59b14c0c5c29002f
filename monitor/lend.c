/*
 * Memory that one compartment lends to others: it writes, they read, while both go on.
 *
 * The monitor makes it, of a size that stays, and gives it an id that nobody can guess: who was told the id, as an
 * argument or a result, may read. Only the owner ever gets a descriptor that can write; the others' was opened for
 * reading. It is the owner's as long as its process lives; what others have mapped stays until they give it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/internal.h"

enum { LENT_MOST = 64 };		/* of one owner */

struct lent {
	struct lent *next;		/* of the monitor */
	uint64_t id[2], size;
	uint64_t owner;			/* serial of the instance; 0: this program, … */
	void *here;			/* … which has it mapped */
	bool borrowed;			/* it is another one's, mapped here; no row of its own */
	int fd;				/* for reading; -1: borrowed */
};

static void
forget(struct lent **at)
{
	struct lent *l = *at;

	*at = l->next;
	if (l->here)
		munmap(l->here, l->size);
	twz_closep(&l->fd);
	free(l);
}

void
lend_forget(struct monitor *m, uint64_t owner)
{
	for (struct lent **at = &m->lent; *at;)
		if ((*at)->owner == owner && !(*at)->borrowed)
			forget(at);
		else
			at = &(*at)->next;
}

void
lend_end(struct monitor *m)
{
	while (m->lent)
		forget(&m->lent);
}

/* What one may have in all: as much as of private memory. */
static bool
has_room(const struct monitor *m, uint64_t owner, uint64_t most, uint64_t size)
{
	uint64_t n = 0, sum = 0;

	for (const struct lent *l = m->lent; l; l = l->next)
		if (l->owner == owner && !l->borrowed)
			n++, sum += l->size;
	return size && n < LENT_MOST && size <= most && sum <= most - size;
}

/* For writing; @ret gets the one for reading. */
static int
make_memory(uint64_t size, int *ret)
{
	int fd = memfd_create("twz-lent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret = -1;
	/* By its mode nobody opens it again for writing who is not root. */
	if (fd < 0 || ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) || fchmod(fd, 0400) ||
	    (*ret = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		twz_closep(&fd);
	return fd;
}

/* With the lock held: the descriptor for writing, or -1 with errno. */
static int
lend(struct monitor *m, uint64_t owner, uint64_t most, uint64_t size, struct lent **ret)
{
	struct lent *l = calloc(1, sizeof(*l));
	int fd = -1;

	errno = ENOMEM;
	if (l && has_room(m, owner, most, size))
		fd = make_memory(size, &l->fd);
	if (fd < 0 || getrandom(l->id, sizeof(l->id), 0) != sizeof(l->id)) {
		int error = errno;

		if (fd >= 0)
			twz_closep(&l->fd);
		twz_closep(&fd);
		free(l);
		errno = error;
		return -1;
	}
	l->owner = owner;
	l->size = size;
	l->next = m->lent;
	*ret = m->lent = l;
	return fd;
}

static const struct lent *
find(const struct monitor *m, const uint64_t id[2])
{
	const struct lent *l = m->lent;

	while (l && (l->borrowed || l->id[0] != id[0] || l->id[1] != id[1]))
		l = l->next;
	return l;
}

static void
answer(struct instance *i, const struct message *asked, const struct lent *l, int fd)
{
	struct message head = { .kind = MESSAGE_LENT, .serial = asked->serial };

	if (l && fd >= 0)
		head = (struct message){ MESSAGE_LENT, 0, asked->serial, { l->id[0], l->id[1], l->size } };
	else
		head.word[3] = (uint64_t)errno;
	if (i->control >= 0 && !message_send(i->control, &head, NULL, 0, &fd, fd >= 0))
		instance_kill(i);
}

void
lend_serve(struct monitor *m, struct instance *i, const struct message *asked)
{
	const struct monitor_load_options *o = &i->compartment->options;
	struct lent *l = NULL;
	int fd = lend(m, i->serial, o->memory ? o->memory : m->options.memory, asked->word[0], &l);

	answer(i, asked, l, fd);
	twz_closep(&fd);
}

void
lend_borrow(struct monitor *m, struct instance *i, const struct message *asked)
{
	const struct lent *l = find(m, asked->word);

	errno = ENOENT;
	answer(i, asked, l, l ? l->fd : -1);
}

void
lend_take_back(struct monitor *m, const struct instance *i, const struct message *asked)
{
	struct lent **at = &m->lent;

	while (*at && ((*at)->owner != i->serial || (*at)->borrowed || (*at)->id[0] != asked->word[0] ||
		       (*at)->id[1] != asked->word[1]))
		at = &(*at)->next;
	if (*at)
		forget(at);
}

/* -- this program ---------------------------------------------------------------------------------- */

void *
monitor_lend(struct monitor *m, size_t n, uint64_t id[2], struct twz_error *err)
{
	struct lent *l = NULL;
	void *here = MAP_FAILED;
	int fd;

	pthread_mutex_lock(&m->lock);
	fd = lend(m, 0, UINT64_MAX, n, &l);
	if (fd >= 0)
		here = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (here != MAP_FAILED) {
		l->here = here;
		memcpy(id, l->id, sizeof(l->id));
	} else if (fd >= 0) {
		forget(&m->lent);	/* the first: it was made just now */
	}
	pthread_mutex_unlock(&m->lock);
	twz_closep(&fd);
	if (here != MAP_FAILED)
		return here;
	twz_fail_sys(err, errno, "lend %zu bytes", n);
	return NULL;
}

const void *
monitor_borrow(struct monitor *m, const uint64_t id[2], size_t *n, struct twz_error *err)
{
	struct lent *mine = calloc(1, sizeof(*mine));
	const struct lent *l;
	void *here = MAP_FAILED;

	pthread_mutex_lock(&m->lock);
	l = find(m, id);
	if (l && mine)
		here = mmap(NULL, l->size, PROT_READ, MAP_SHARED, l->fd, 0);
	if (here != MAP_FAILED) {
		*n = l->size;
		*mine = (struct lent){ .next = m->lent, .size = l->size, .here = here, .borrowed = true, .fd = -1 };
		m->lent = mine;
	}
	pthread_mutex_unlock(&m->lock);
	if (here != MAP_FAILED)
		return here;
	free(mine);
	twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, BAD_HANDLE), "nobody lends memory of this id");
	return NULL;
}

void
monitor_give_back(struct monitor *m, const void *memory)
{
	struct lent **at = &m->lent;

	pthread_mutex_lock(&m->lock);
	while (*at && (!(*at)->here || (*at)->here != memory))
		at = &(*at)->next;
	if (*at)
		forget(at);
	pthread_mutex_unlock(&m->lock);
}
