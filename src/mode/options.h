/* The option table: each option stands once, and the command line, --help, the set-up form, the
 * plan file, the results header and the man page's list come from it.
 *
 * A `struct options` holds one value per option of a schema = the common table + one mode's own
 * table (+ in main, the tables of the verb).  Numbers are kept in base units (bytes,
 * nanoseconds, counts); text as typed.  Main thread only, except that a run keeps its own copy,
 * which its threads only read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"

struct engine;
struct method;

enum option_type {
	OPTION_BOOL,     /* flag; 0 or 1 */
	OPTION_COUNT,    /* whole number, k/M/G are 1000-based */
	OPTION_DECIMAL,  /* to a thousandth, k/M/G are 1000-based; the number is in thousandths */
	OPTION_SIZE,     /* bytes, K/M/G are 1024-based */
	OPTION_DURATION, /* nanoseconds */
	OPTION_CHOICE,   /* one of def->choices; the number is its index */
	OPTION_METHOD,   /* one of the mode's methods; text; "" = the mode's default */
	OPTION_CPUS,     /* CPU list, text; "" = chosen for you */
	OPTION_TEXT,     /* host, file, interface */
};

enum option_flag {
	OPTION_RESTART = 1,  /* a change takes a restart of the run */
	OPTION_FORM = 2,     /* stands in the set-up form */
	OPTION_RESULT = 4,   /* stands in the result's start.options */
	OPTION_LIST = 8,     /* text may hold a comma list of addresses and is not swept */
	OPTION_RATE = 16,    /* a load whose steps are tenths of it; those of others double it */
	OPTION_WORKERS = 32, /* how many workers there are: where they are counted, it is said */
	OPTION_WORDS = 64,   /* text made of other options: it may begin with a dash */
	OPTION_HIDDEN = 128, /* our own tests': in no help, and in no result unless it is set */
};

struct option_def {
	const char *name; /* "payload" for --payload */
	char letter;      /* 0 or a one-letter form */
	enum option_type type;
	unsigned flags;
	/* JSON key with the unit in its name: "payload_bytes", "warmup_s"; NULL: the name with _
	 * for - */
	const char *key;
	const char *value_name;     /* "BYTES" in --help; NULL for OPTION_BOOL */
	const char *const *choices; /* NULL-terminated, OPTION_CHOICE only */
	/* in the form in which it would be typed; "" = unset (numbers: see unset_ok) */
	const char *default_text;
	int64_t min, max; /* inclusive, base units, for numbers */
	/* a number that may be unset ("" and "auto"): is_set() false, number 0 */
	bool unset_ok;
	/* the host's setting that decides if it is unset, by its key in results' start.host
	 * ("tcp_congestion"); NULL: nothing does */
	const char *host_key;
	const char *help; /* one line, no full stop */
	/* what the verdict has to say while it is on, or a number is not 0; NULL: nothing */
	const char *caution;
};

/* The common options, ended by name == NULL (see options_common.c for the list of DESIGN section
 * 3). */
extern const struct option_def options_common[];

struct option_value {
	int64_t number;
	char *text;    /* the text for people: owned; never NULL */
	bool is_set;   /* given or defaulted; false for an unset one */
	bool is_given; /* by the user (command line, config, form), not the default */
};

struct options {
	/* its own options follow the common ones; NULL: common only */
	const struct engine *engine;
	unsigned count;
	const struct option_def **def; /* count */
	struct option_value *value;    /* count */
};

/* Common + engine's own, all at their defaults. 0 or -ENOMEM. */
int options_init(struct options *o, const struct engine *engine, struct err *err);
/* A table of one's own alone (capture options, the verbs'): 0 or -ENOMEM. */
int options_init_table(struct options *o, const struct option_def *table, struct err *err);
/* `to` is uninitialised */
int options_copy(struct options *to, const struct options *from, struct err *err);
/* accepts a zeroed one */
void options_free(struct options *o);

/* Validates and sets.  Unknown name: -ENOENT "unknown option --paylod (did you mean
 * --payload?)"; bad value: -EINVAL / -ERANGE naming option, value and range: "--payload 70000:
 * out of range 0..65479 bytes".  The old value stays on failure. */
int options_set(struct options *o, const char *name, const char *text, struct err *err);
/* Checks without setting (the form validates per field). */
int options_check(const struct options *o, const char *name, const char *text, struct err *err);
/* Sets a value that counts as defaulted, not as given: what a verb prefers where the user says
 * nothing. */
int options_set_default(struct options *o, const char *name, const char *text, struct err *err);
int options_reset(struct options *o, const char *name, struct err *err);
/* Carries given values over to another mode's options where both have the option and its value
 * is valid there. */
void options_carry(struct options *to, const struct options *from);

int options_find(const struct options *o, const char *name); /* index or -1 */
/* Values by name.  A name that is not in the schema is a programming error: they return 0 / "" /
 * false and the unit test of every engine catches it. */
int64_t options_number(const struct options *o, const char *name);
const char *options_text(const struct options *o, const char *name);
bool options_is_set(const struct options *o, const char *name);
bool options_is_given(const struct options *o, const char *name);

/* Does it stand in results, as it is set? */
bool option_is_told(const struct option_def *def, const struct option_value *value);
/* Has a range, and a number that can be drawn and compared? */
bool option_is_number(const struct option_def *def);
/* Returns that number as people say it: durations in seconds, decimals whole. */
double option_real(const struct option_def *def, const struct option_value *value);
/* The table is ended by name == NULL; NULL is an empty one. */
unsigned options_table_length(const struct option_def *table);
/* The entry of this name, or NULL. */
const struct option_def *options_table_find(const struct option_def *table, const char *name);
/* "0..65479 bytes", "one of block, spin" for messages, help and the form. */
char *options_range_text(const struct option_def *def, char *out, size_t size);

/* The words of a command line, read one option at a time: --name value, --name=value, --no-name,
 * -x value, -xvalue. */
struct option_words {
	/* their options may stand there; the first that has the name takes it */
	struct options *set[2];
	int argc;
	char **argv;
	int at; /* the next word */
	/* Is this a list of values of that option?  A flag takes the next word if it is; NULL: no
	 * lists. */
	bool (*is_list)(const struct option_def *def, const char *text);
	const char *advice; /* help with a word that is no option; NULL: none */
};

struct option_word {
	struct options *set;
	const struct option_def *def; /* in that set */
	const char *value;            /* "yes" and "no" of a flag; points into argv */
	/* the name of a long one, in the form in which it was typed */
	char name[64];
};

/* 1 with the next option and its value, which is not checked yet; 0 at the end; -EINVAL where a
 * word is no option or a value is missing, -ENOENT where nobody knows the name. */
int options_next(struct option_words *words, struct option_word *ret_word, struct err *err);
/* Sets all options of argv[from..argc). */
int options_parse(struct options *o, int argc, char **argv, int from, struct err *err);
