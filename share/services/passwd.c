/*
 * passwd: users and their passwords, as RFC 0008 shows them.
 *
 * The users stand in one file in the service's private folder, a line each: "name:id:hash". A change
 * writes the whole file anew beside it, syncs it and renames it over the old one, so that whenever
 * the service dies there is a whole file: the old one or the new one. Services of several sessions
 * take turns by a lock on a file of its own, which outlives the renaming.
 */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("passwd", "1.0", "Users and their passwords");

#define USERS "users"
#define USERS_NEW "users.new"
#define USERS_LOCK "users.lock"

enum { MAX_USERS = 256, FIRST_ID = 1001 };

struct User {
	uint32_t id;
	char name[32];
};

enum UserError {
	NoSuchUser = 1,
	UserExists,
	BadName,
	BadPassword,
	TooManyUsers,
	UsersDamaged,
	UsersUnavailable,
};
TWZ_ERROR_TEXT(NoSuchUser, "No such user");
TWZ_ERROR_TEXT(UserExists, "There is such a user already");
TWZ_ERROR_TEXT(BadName, "A name is 1 to 31 of a-z, 0-9, '-' and '_', and begins with a letter");
TWZ_ERROR_TEXT(BadPassword, "A password is 1 to 255 bytes long");
TWZ_ERROR_TEXT(TooManyUsers, "There is no room for another user");
TWZ_ERROR_TEXT(UsersDamaged, "The file of users is damaged");
TWZ_ERROR_TEXT(UsersUnavailable, "The file of users cannot be read or written");

typedef enum UserError LookupError;
typedef enum UserError UpdatePasswordError;

TWZ_RESULT(lookup_result, struct User, LookupError);
TWZ_RESULT_UNIT(update_result, UpdatePasswordError);
TWZ_RESULT(check_result, bool, LookupError);

/* -- the file ---------------------------------------------------------------------------------------- */

struct entry {
	struct User user;
	char hash[CRYPT_OUTPUT_SIZE];	/* "*": no password fits */
};

struct users {
	int lock;
	uint32_t n;
	struct entry entries[MAX_USERS];
};

static bool
good_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return name[0] >= 'a' && name[0] <= 'z' && name[n] == '\0' &&
	       n < sizeof(((struct User *)0)->name);
}

static struct entry *
find(struct users *users, const char *name)
{
	for (uint32_t i = 0; i < users->n; i++) {
		if (strcmp(users->entries[i].user.name, name) == 0)
			return &users->entries[i];
	}
	return NULL;
}

static bool
parse_line(const char *line, struct entry *entry)
{
	size_t n = strlen(line);
	int end = 0;

	return n > 0 && line[n - 1] == '\n' &&
	       sscanf(line, "%31[^:]:%10u:%383[^:\n]%n", entry->user.name, &entry->user.id,
		      entry->hash, &end) == 3 &&
	       (size_t)end == n - 1 && good_name(entry->user.name);
}

static enum UserError
read_users(struct users *users)
{
	FILE *file = fopen(USERS, "re");
	char line[sizeof(struct entry) + 32];
	enum UserError error = 0;

	users->n = 0;
	if (!file && errno == ENOENT) {
		users->entries[users->n++] = (struct entry){ { FIRST_ID, "bob" }, "*" };
		return 0;
	}
	if (!file)
		return UsersUnavailable;
	while (!error && fgets(line, sizeof(line), file)) {
		struct entry entry = { 0 };

		if (!parse_line(line, &entry) || users->n == MAX_USERS || find(users, entry.user.name))
			error = UsersDamaged;
		else
			users->entries[users->n++] = entry;
	}
	if (!error && ferror(file))
		error = UsersUnavailable;
	fclose(file);
	return error;
}

static bool
sync_folder(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static enum UserError
write_users(const struct users *users)
{
	int fd = open(USERS_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok = file != NULL;

	for (uint32_t i = 0; ok && i < users->n; i++) {
		const struct entry *entry = &users->entries[i];

		ok = fprintf(file, "%s:%u:%s\n", entry->user.name, entry->user.id, entry->hash) > 0;
	}
	ok = ok && fflush(file) == 0 && fsync(fd) == 0;
	if (file)
		ok = fclose(file) == 0 && ok;
	ok = ok && rename(USERS_NEW, USERS) == 0 && sync_folder();
	return ok ? 0 : UsersUnavailable;
}

/* Takes the lock and reads the users. What an interrupted change left behind is removed. */
static enum UserError
open_users(struct users *users)
{
	users->lock = open(USERS_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (users->lock < 0 || flock(users->lock, LOCK_EX) != 0)
		return UsersUnavailable;
	unlink(USERS_NEW);
	return read_users(users);
}

static void
close_users(struct users *users)
{
	if (users->lock >= 0)
		close(users->lock);
	explicit_bzero(users, sizeof(*users));
}

#define OPENED __attribute__((cleanup(close_users))) = { .lock = -1 }

/* -- passwords --------------------------------------------------------------------------------------- */

static enum UserError
hash_password(const char *password, char hash[CRYPT_OUTPUT_SIZE])
{
	struct crypt_data data = { 0 };
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t n = strlen(password);
	enum UserError error = 0;

	if (n < 1 || n > 255)
		return BadPassword;
	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) ||
	    !crypt_rn(password, salt, &data, sizeof(data)))
		error = UsersUnavailable;
	else
		snprintf(hash, CRYPT_OUTPUT_SIZE, "%s", data.output);
	explicit_bzero(&data, sizeof(data));
	return error;
}

/* Compares in a time that says nothing about where the two differ. */
static bool
same_password(const char *password, const char *hash)
{
	struct crypt_data data = { 0 };
	const char *again = crypt_rn(password, hash, &data, sizeof(data));
	size_t n = strlen(hash);
	bool comparable = again && strlen(again) == n;
	int differ = 0;

	for (size_t i = 0; comparable && i < n; i++)
		differ |= again[i] ^ hash[i];
	explicit_bzero(&data, sizeof(data));
	return comparable && differ == 0;
}

/* -- the gates --------------------------------------------------------------------------------------- */

static struct lookup_result
lookup(const char *name)
{
	struct users users OPENED;
	enum UserError error = open_users(&users);
	const struct entry *entry = error ? NULL : find(&users, name);

	if (error)
		return lookup_result_err(error);
	return entry ? lookup_result_ok(entry->user) : lookup_result_err(NoSuchUser);
}

TWZ_GATE(struct lookup_result, lookup_user, (const char *name), TWZ_DOC("Finds a user by name"),
	 TWZ_READONLY)
{
	return lookup(name);
}

TWZ_GATE(struct update_result, update_password, (const struct User *user, const char *password),
	 TWZ_DOC("Sets a user's password"), TWZ_ALIAS(update_passwd), TWZ_SECRET(password),
	 TWZ_REQUIRES(update_password))
{
	struct users users OPENED;
	enum UserError error = open_users(&users);
	struct entry *entry = error ? NULL : find(&users, user->name);

	if (!error && (!entry || entry->user.id != user->id))
		error = NoSuchUser;
	if (!error)
		error = hash_password(password, entry->hash);
	if (!error)
		error = write_users(&users);
	return error ? update_result_err(error) : update_result_ok();
}

TWZ_GATE(struct check_result, check_password, (const struct User *user, const char *password),
	 TWZ_DOC("Says whether this is the user's password"), TWZ_SECRET(password), TWZ_READONLY)
{
	struct users users OPENED;
	enum UserError error = open_users(&users);
	const struct entry *entry = error ? NULL : find(&users, user->name);

	if (error)
		return check_result_err(error);
	if (!entry || entry->user.id != user->id)
		return check_result_err(NoSuchUser);
	return check_result_ok(same_password(password, entry->hash));
}

TWZ_GATE(struct lookup_result, add_user, (const char *name),
	 TWZ_DOC("Adds a user, whom no password fits yet"), TWZ_REQUIRES(add_user))
{
	struct users users OPENED;
	struct entry entry = { { FIRST_ID, "" }, "*" };
	enum UserError error = good_name(name) ? open_users(&users) : BadName;

	if (!error && find(&users, name))
		error = UserExists;
	if (!error && users.n == MAX_USERS)
		error = TooManyUsers;
	if (error)
		return lookup_result_err(error);
	for (uint32_t i = 0; i < users.n; i++) {
		if (users.entries[i].user.id >= entry.user.id)
			entry.user.id = users.entries[i].user.id + 1;
	}
	snprintf(entry.user.name, sizeof(entry.user.name), "%s", name);
	users.entries[users.n++] = entry;
	error = write_users(&users);
	return error ? lookup_result_err(error) : lookup_result_ok(entry.user);
}

/* -- how "bob" becomes a User, and a User text ------------------------------------------------------- */

TWZ_FROM_STRING(User, struct lookup_result, user_from_string)(const char *text)
{
	return lookup(text);
}

TWZ_TO_STRING(User, struct User, user_to_string)(const struct User *value, char *text, size_t size)
{
	snprintf(text, size, "%s", value->name);
}
