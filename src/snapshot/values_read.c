/* Values, and what they are held to.  See snapshot/reader.h. */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int reader_fails(const struct reader *r, const char *where, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_say(r->err, EINVAL, "%s: %s: %s", r->file, where, text);
}

int read_array(const struct reader *r, const json_t *array, const char *where, const char *name, size_t least, size_t most)
{
	size_t size = json_array_size(array);

	if (!json_is_array(array))
		return reader_fails(r, where, "%s: missing or not an array", name);
	if (size >= least && size <= most)
		return 0;
	if (least == most)
		return reader_fails(r, where, "%s: %zu, not %zu", name, size, least);
	return reader_fails(r, where, "%s: %zu, not %zu..%zu", name, size, least, most);
}

/* ---- members ---- */

static int fails(const struct reader *r, const char *where, const struct member *m, const char *what)
{
	return reader_fails(r, where, "%s: %s", m->name, what);
}

static int read_integer(const struct reader *r, const json_t *value, const char *where, const struct member *m, int64_t *ret)
{
	int64_t low = m->min, high = m->max;

	if (!low && !high)
		high = INT64_MAX;
	if (!json_is_integer(value))
		return fails(r, where, m, "not a whole number");
	*ret = json_integer_value(value);
	return *ret < low || *ret > high ? fails(r, where, m, "out of range") : 0;
}

static int read_real(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *at)
{
	double number = json_number_value(value);

	if (!json_is_number(value) || !(number >= 0 && number <= 1e18))
		return fails(r, where, m, "not a number of a sensible size");
	*(double *)at = number;
	return 0;
}

static int read_text(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *at)
{
	if (!json_is_string(value))
		return fails(r, where, m, "not a text");
	text_escape(json_string_value(value), json_string_length(value), at, m->size);
	return 0;
}

static int read_bool(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *at)
{
	if (!json_is_boolean(value))
		return fails(r, where, m, "neither true nor false");
	*(bool *)at = json_is_true(value);
	return 0;
}

static void store_integer(const struct member *m, int64_t number, void *at)
{
	if (m->type == MEMBER_U32)
		*(uint32_t *)at = (uint32_t)number;
	else if (m->type == MEMBER_INT)
		*(int *)at = (int)number;
	else
		*(int64_t *)at = number; /* MEMBER_U64 has the same bits */
}

int read_member(const struct reader *r, const json_t *value, const char *where, const struct member *m, void *into)
{
	char *at = (char *)into + m->offset;
	int64_t number = 0;
	int rc;

	if (!value)
		return m->optional ? 0 : fails(r, where, m, "missing");
	switch (m->type) {
	case MEMBER_REAL:
		return read_real(r, value, where, m, at);
	case MEMBER_TEXT:
		return read_text(r, value, where, m, at);
	case MEMBER_BOOL:
		return read_bool(r, value, where, m, at);
	case MEMBER_U64:
	case MEMBER_I64:
	case MEMBER_U32:
	case MEMBER_INT:
		break;
	}
	rc = read_integer(r, value, where, m, &number);
	if (!rc)
		store_integer(m, number, at);
	return rc;
}

int read_members(const struct reader *r, const json_t *object, const char *where, const struct member *members, void *into)
{
	int rc = json_is_object(object) ? 0 : reader_fails(r, where, "missing or not an object");

	for (; !rc && members->name; members++)
		rc = read_member(r, json_object_get(object, members->name), where, members, into);
	return rc;
}

int name_index(const json_t *value, const char *const *names, unsigned count)
{
	for (unsigned i = 0; json_is_string(value) && i < count; i++)
		if (names[i] && !strcmp(names[i], json_string_value(value)))
			return (int)i;
	return -1;
}

/* ---- names ---- */

int read_phase(const struct reader *r, const json_t *name, const char *where, enum phase *ret_phase)
{
	for (int p = PHASE_IDLE; json_is_string(name) && p <= PHASE_FAILED; p++)
		if (!strcmp(json_string_value(name), phase_name((enum phase)p))) {
			*ret_phase = (enum phase)p;
			return 0;
		}
	return reader_fails(r, where, "phase: missing or unknown");
}

int read_run_id(const struct reader *r, const json_t *id, const char *where, const struct run_info **ret_info)
{
	json_int_t number = json_integer_value(id);

	*ret_info = number > 0 && number <= INT32_MAX ? history_run(r->history, (uint32_t)number) : NULL;
	return *ret_info ? 0 : reader_fails(r, where, "run: there is no such run");
}

static void list_modes(const struct engine *const *engines, char *out, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; engines[i] && used < size; i++)
		if (engines[i]->built)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", engines[i]->name);
}

int read_engine(const struct reader *r, const json_t *mode, const char *where, const struct engine **ret_engine)
{
	const struct engine *e = json_is_string(mode) ? engine_find(r->engines, json_string_value(mode)) : NULL;
	char known[120] = "", name[40] = "";

	if (!json_is_string(mode))
		return reader_fails(r, where, "mode: missing or not a text");
	if (!e || !e->built) {
		list_modes(r->engines, known, sizeof(known));
		text_escape(json_string_value(mode), json_string_length(mode), name, sizeof(name));
		return reader_fails(r, where, "unknown mode \"%s\" (known: %s)", name, known);
	}
	*ret_engine = e;
	return 0;
}

/* ---- the host ---- */

static int read_host_number(const struct reader *r, const json_t *value, const struct host_field *f, char *at)
{
	int64_t number = json_is_null(value) ? -1 : json_integer_value(value);

	if (!json_is_null(value) && !json_is_integer(value))
		return reader_fails(r, "start.host", "%s: not a whole number", f->key);
	if (f->type == HOST_INT64)
		*(int64_t *)at = number;
	else if (number < -1 || number > 1 << 30)
		return reader_fails(r, "start.host", "%s: out of range", f->key);
	else if (f->type == HOST_INT)
		*(int *)at = (int)number;
	else
		*(unsigned *)at = number < 0 ? 0 : (unsigned)number;
	return 0;
}

/* A missing value is unknown, as on a machine that does not tell it. */
int read_host(const struct reader *r, const json_t *host, struct host_info *ret_host)
{
	struct host_info h = { 0 };
	int rc = json_is_object(host) ? 0 : reader_fails(r, "start.host", "missing or not an object");

	for (const struct host_field *f = host_fields; !rc && f->key; f++) {
		const json_t *value = json_object_get(host, f->key);
		char *at = (char *)&h + f->offset;

		if (f->type != HOST_TEXT)
			rc = read_host_number(r, value ? value : json_null(), f, at);
		else if (json_is_string(value))
			text_escape(json_string_value(value), json_string_length(value), at, f->size);
	}
	if (!rc)
		*ret_host = h;
	return rc;
}

/* ---- handing over ---- */

struct update *reader_update(const struct reader *r, enum update_kind kind)
{
	struct update *u = calloc(1, sizeof(*u));

	if (u)
		u->kind = kind;
	else
		err_sys(r->err, ENOMEM, "%s", r->file);
	return u;
}

int reader_take(const struct reader *r, struct update *u, int rc)
{
	if (rc)
		update_free(u);
	else
		history_take(r->history, u);
	return rc;
}
