/* The format of a tracepoint, as tracefs has it (Documentation/trace/events.rst).  See
 * reasons.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reasons/reasons.h"

/* BPF sees a record from here on: what comes before is the kernel's own. */
enum { FIRST_OFFSET = 8, LAST_OFFSET = 2000 };

/* "	field:enum skb_drop_reason reason;	offset:36;	size:4;	signed:0;" */
static bool read_offset(const char *text, unsigned *ret_offset)
{
	const char *field = strstr(text, " reason;");
	unsigned offset, size;

	if (!field || sscanf(field, " reason;\toffset:%u;\tsize:%u;", &offset, &size) != 2)
		return false;
	if (size != sizeof(uint32_t) || offset % sizeof(uint32_t) || offset < FIRST_OFFSET || offset > LAST_OFFSET)
		return false;
	*ret_offset = offset;
	return true;
}

/* "{ 2, "NOT_SPECIFIED" }": the next of them behind `at`; NULL: there is none. */
static const char *read_name(const char *at, struct reason_format *f)
{
	const char *open = strchr(at, '{'), *end;
	char *behind, name[REASON_NAME_BYTES];
	unsigned long number;
	int taken = 0;

	if (!open || !(end = strchr(open, '}')))
		return NULL;
	number = strtoul(open + 1, &behind, 0);
	if (number < REASONS_MAX && behind < end && sscanf(behind, " , \"%39[A-Za-z0-9_]\"%n", name, &taken) == 1 && taken)
		memcpy(f->name[number], name, sizeof(name));
	return end + 1;
}

bool reason_format_read(const char *text, struct reason_format *ret_format)
{
	const char *id = strstr(text, "ID: "), *at = strstr(text, "__print_symbolic(REC->reason,");
	struct reason_format *f = ret_format;

	memset(f, 0, sizeof(*f));
	if (!id || sscanf(id, "ID: %d", &f->id) != 1 || f->id <= 0 || !read_offset(text, &f->offset))
		return false;
	for (unsigned i = 0; i < REASONS_MAX; i++)
		snprintf(f->name[i], sizeof(f->name[i]), "reason_%u", i);
	snprintf(f->name[0], sizeof(f->name[0]), "OF_A_SUBSYSTEM");
	while (at)
		at = read_name(at, f);
	return true;
}
