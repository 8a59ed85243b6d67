/* Remedies with their values.  See remedy.h. */
#include "record/judge/remedy.h"

#include <string.h>

#include "base/text.h"

static bool is_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && !strncmp(name, text, length);
}

/* A number of the host: all of those that remedies name count bytes, packets or CPUs. */
static bool remedy_add_host(const struct host_info *host, const char *name, size_t length, char *out, size_t size)
{
	char text[32];

	for (const struct host_field *f = host_fields; f->key; f++) {
		const char *at = (const char *)host + f->offset;

		if (!is_name(f->key, name, length))
			continue;
		if (f->type == HOST_INT64)
			text_add(out, size, "%s", text_size(*(const int64_t *)at, text, sizeof(text)));
		else if (f->type == HOST_UNSIGNED)
			text_add(out, size, "%u", *(const unsigned *)at);
		return true;
	}
	return false;
}

/* The size of a socket's buffer that nobody has set: remedies name it of datagrams only. */
static int64_t remedy_buffer(const struct host_info *host, const char *name)
{
	if (!strcmp(name, "rcvbuf"))
		return host->rmem_default;
	return strcmp(name, "sndbuf") ? 0 : host->wmem_default;
}

static void remedy_add_option(
	const struct options *o, const struct host_info *host, const char *name, size_t length, char *out, size_t size)
{
	char text[32] = "(default)";

	for (unsigned i = 0; i < o->count; i++) {
		int64_t bytes = remedy_buffer(host, o->def[i]->name);

		if (!is_name(o->def[i]->name, name, length))
			continue;
		if (bytes > 0)
			text_size(bytes, text, sizeof(text));
		text_add(out, size, "%s", o->value[i].text[0] ? o->value[i].text : text);
		return;
	}
	text_add(out, size, "--");
}

char *remedy_text(const char *remedy, const struct run_info *info, const struct host_info *host, char *out, size_t size)
{
	out[0] = '\0';
	while (remedy && *remedy) {
		size_t before = strcspn(remedy, "{"), length = strcspn(remedy + before, "}");
		const char *name = remedy + before + 1;

		text_add(out, size, "%.*s", (int)before, remedy);
		if (!remedy[before] || !remedy[before + length])
			break;
		if (!remedy_add_host(host, name, length - 1, out, size))
			remedy_add_option(&info->options, host, name, length - 1, out, size);
		remedy = name + length;
	}
	return out;
}
