/* The append log.  See engines/chat/log.h. */
#include "engines/chat/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* a record for so many bytes of the log: the shortest line of the load client */
enum { BYTES_PER_RECORD = 32 };

static size_t power_of_two(size_t least)
{
	size_t n = (size_t)sysconf(_SC_PAGESIZE);

	while (n < least)
		n *= 2;
	return n;
}

/* The same pages twice, one after the other. */
static int map_twice(struct chat_log *l, int fd)
{
	uint8_t *both = mmap(NULL, 2 * l->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (both == MAP_FAILED)
		return -errno;
	l->data = both;
	for (unsigned half = 0; half < 2; half++)
		if (mmap(both + half * l->bytes, l->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			return -errno;
	return 0;
}

int chat_log_open(struct chat_log *l, size_t bytes, struct err *err)
{
	int fd, rc;

	*l = (struct chat_log){ .bytes = power_of_two(bytes) };
	l->records = l->bytes / BYTES_PER_RECORD;
	l->record = malloc(l->records * sizeof(*l->record));
	if (!l->record)
		return err_sys(err, ENOMEM, "open a log of %zu bytes", bytes);
	fd = memfd_create("netdyno-chat", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "memfd_create");
	rc = ftruncate(fd, (off_t)l->bytes) < 0 ? -errno : map_twice(l, fd);
	close(fd);
	return rc < 0 ? err_sys(err, -rc, "map a log of %zu bytes", bytes) : 0;
}

void chat_log_close(struct chat_log *l)
{
	if (l->data)
		munmap(l->data, 2 * l->bytes);
	free(l->record);
	*l = (struct chat_log){ 0 };
}

uint64_t chat_log_room(const struct chat_log *l, size_t bytes)
{
	uint64_t first = l->first;

	if (l->next - first == l->records)
		first++;
	while (first < l->next && l->head + bytes - chat_log_record(l, first)->at > l->bytes)
		first++;
	return first;
}

void chat_log_forget(struct chat_log *l, uint64_t first)
{
	l->first = first;
}

uint8_t *chat_log_line(struct chat_log *l)
{
	return l->data + (l->head & (l->bytes - 1));
}

uint64_t chat_log_append(struct chat_log *l, size_t bytes)
{
	*chat_log_record(l, l->next) = (struct chat_record){ .at = l->head, .bytes = (uint32_t)bytes, .next_own = CHAT_NONE };
	l->head += bytes;
	return l->next++;
}

uint64_t chat_log_find(const struct chat_log *l, uint64_t at)
{
	uint64_t low = l->first, high = l->next;

	/* record[low].at <= at < record[high].at */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (chat_log_record(l, middle)->at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}
