/* Text from users and from strangers: quantities, CPU lists, the nearest word, escaping. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
	if (!truth)
		abort();
}

typedef int parse_fn(const char *, int64_t *, struct err *);
typedef char *format_fn(int64_t, char *, size_t);

/* A value is refused with a reason and nothing touched, or taken; then it survives being written
 * and read again. */
static void check_quantity(const char *text, parse_fn *parse, format_fn *format)
{
	struct err err = ERR_NONE;
	int64_t value = -7, again = -7;
	char out[64];
	int r = parse(text, &value, &err);

	check(r <= 0 && (r == 0) == (err.code == 0) && (r == 0) == (err.text[0] == '\0'));
	check(r == 0 ? value >= 0 : value == -7);
	if (r == 0 && format)
		check(parse(format(value, out, sizeof(out)), &again, NULL) == 0 && again == value);
}

static void check_cpus(const char *text)
{
	struct cpu_list list = { 0 }, again = { 0 };
	struct err err = ERR_NONE;
	char out[8 * CPU_LIST_MAX];

	if (cpu_list_parse(text, &list, &err) < 0) {
		check(err.code && !list.count);
		return;
	}
	check(list.count >= 1 && list.count <= CPU_LIST_MAX);
	check(cpu_list_parse(cpu_list_format(&list, out, sizeof(out)), &again, NULL) == 0);
	check(!memcmp(&list, &again, sizeof(list)));
}

/* The text is printable, cut within the room, and a second pass changes nothing. */
static void check_escape(const uint8_t *data, size_t size)
{
	char once[128], twice[512];

	text_escape(data, size, once, sizeof(once));
	check(strlen(once) < sizeof(once));
	for (const char *at = once; *at; at++)
		check((unsigned char)*at >= 0x20 && *at != 0x7f);
	text_escape(once, strlen(once), twice, sizeof(twice));
	check(!strcmp(once, twice));
}

static void check_guess(const char *text)
{
	static const char *const names[] = { "single", "mmsg", "gso", "duration" };
	struct text_guess guess = { .word = text };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		text_guess_offer(&guess, names[i]);
	check(!guess.nearest == !*text_guess_ask(&guess, "--", ""));
}

/* Lines fit, go on where the one before ended, and come to an end. */
static void check_lines(const char *text)
{
	while (*text) {
		size_t bytes = text_line(text, 7);

		check(bytes && bytes <= text_bytes(text, 7));
		text += bytes;
		text += strspn(text, " ");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_quantity(text, text_parse_size, text_size);
	check_quantity(text, text_parse_duration, text_duration);
	check_quantity(text, text_parse_count, NULL);
	check_cpus(text);
	check_escape(data, size);
	check_guess(text);
	check_lines(text);
	free(text);
	return 0;
}
