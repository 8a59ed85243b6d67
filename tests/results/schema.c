#include "schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checker {
	const json_t *root;
	char path[512], *why;
	size_t size;
};

static bool check(struct checker *c, const json_t *schema, const json_t *value);

__attribute__((format(printf, 2, 3))) static bool wrong(struct checker *c, const char *fmt, ...)
{
	va_list args;
	size_t used = (size_t)snprintf(c->why, c->size, "%s: ", c->path[0] ? c->path : "/");

	va_start(args, fmt);
	if (used < c->size)
		vsnprintf(c->why + used, c->size - used, fmt, args);
	va_end(args);
	return false;
}

static bool is_type(const json_t *value, const char *type)
{
	static const char *const names[] = { [JSON_OBJECT] = "object",
		[JSON_ARRAY] = "array",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",
		[JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",
		[JSON_NULL] = "null" };

	return !strcmp(type, names[json_typeof(value)]) || (json_is_integer(value) && !strcmp(type, "number"));
}

static bool check_type(struct checker *c, const json_t *type, const json_t *value)
{
	size_t i;
	json_t *one;
	char *text;

	if (json_is_string(type) && is_type(value, json_string_value(type)))
		return true;
	json_array_foreach(type, i, one)
	{
		if (is_type(value, json_string_value(one)))
			return true;
	}
	text = json_dumps(value, JSON_ENCODE_ANY);
	wrong(c, "%.60s is of a wrong type", text ? text : "?");
	free(text);
	return false;
}

static bool check_enum(struct checker *c, const json_t *choices, const json_t *value)
{
	size_t i;
	json_t *one;

	json_array_foreach(choices, i, one)
	{
		if (json_equal(one, value))
			return true;
	}
	return wrong(c, "not one of the allowed values");
}

static bool check_limit(struct checker *c, const char *keyword, const json_t *limit, const json_t *value)
{
	double number = json_number_value(value), bound = json_number_value(limit);

	if (!json_is_number(value) || (!strcmp(keyword, "minimum") ? number >= bound : number <= bound))
		return true;
	return wrong(c, "%g is beyond the %s %g", number, keyword, bound);
}

static bool check_required(struct checker *c, const json_t *keys, const json_t *value)
{
	size_t i;
	json_t *key;

	json_array_foreach(keys, i, key)
	{
		if (json_is_object(value) && !json_object_get(value, json_string_value(key)))
			return wrong(c, "lacks \"%s\"", json_string_value(key));
	}
	return true;
}

static bool below(struct checker *c, const char *name, const json_t *schema, const json_t *value)
{
	size_t len = strlen(c->path);
	bool ok;

	snprintf(c->path + len, sizeof(c->path) - len, "/%s", name);
	ok = check(c, schema, value);
	c->path[len] = '\0';
	return ok;
}

static bool check_members(struct checker *c, const json_t *schema, const json_t *value)
{
	json_t *properties = json_object_get(schema, "properties"), *others = json_object_get(schema, "additionalProperties");
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)value, key, member)
	{
		json_t *own = json_object_get(properties, key);

		if (own ? !below(c, key, own, member) : json_is_object(others) && !below(c, key, others, member))
			return false;
		if (!own && json_is_false(others))
			return wrong(c, "unexpected \"%s\"", key);
	}
	return true;
}

static bool check_items(struct checker *c, const json_t *items, const json_t *value)
{
	char name[24];
	size_t i;
	json_t *one;

	json_array_foreach(value, i, one)
	{
		snprintf(name, sizeof(name), "%zu", i);
		if (!below(c, name, items, one))
			return false;
	}
	return true;
}

static bool check_ref(struct checker *c, const char *ref, const json_t *value)
{
	const json_t *target = strncmp(ref, "#/$defs/", 8) ? NULL : json_object_get(json_object_get(c->root, "$defs"), ref + 8);

	return target ? check(c, target, value) : wrong(c, "the schema has no %s", ref);
}

static bool check_keyword(struct checker *c, const json_t *schema, const char *keyword, const json_t *is, const json_t *value)
{
	static const char *const silent[] = { "$schema", "$id", "title", "description", "$defs", "properties",
		"additionalProperties" };

	for (unsigned i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		if (!strcmp(keyword, silent[i]))
			return true;
	if (!strcmp(keyword, "type"))
		return check_type(c, is, value);
	if (!strcmp(keyword, "enum"))
		return check_enum(c, is, value);
	if (!strcmp(keyword, "minimum") || !strcmp(keyword, "maximum"))
		return check_limit(c, keyword, is, value);
	if (!strcmp(keyword, "required"))
		return check_required(c, is, value);
	if (!strcmp(keyword, "items"))
		return check_items(c, is, value);
	if (!strcmp(keyword, "$ref"))
		return check_ref(c, json_string_value(is), value);
	(void)schema;
	return wrong(c, "the schema uses \"%s\", which this validator does not know", keyword);
}

static bool check(struct checker *c, const json_t *schema, const json_t *value)
{
	const char *keyword;
	json_t *is;

	json_object_foreach((json_t *)schema, keyword, is)
	{
		if (!check_keyword(c, schema, keyword, is, value))
			return false;
	}
	return !json_is_object(value) || check_members(c, schema, value);
}

bool schema_check_with(const json_t *schema, const json_t *document, char *why, size_t size)
{
	struct checker c = { .root = schema, .why = why, .size = size };

	return check(&c, schema, document);
}

json_t *schema_load(void)
{
	return json_load_file(NETDYNO_TREE "/docs/results.schema.json", JSON_REJECT_DUPLICATES, NULL);
}

bool schema_check(const json_t *document, char *why, size_t size)
{
	json_t *schema = schema_load();
	bool ok;

	if (!schema) {
		snprintf(why, size, "docs/results.schema.json cannot be read");
		return false;
	}
	ok = schema_check_with(schema, document, why, size);
	json_decref(schema);
	return ok;
}
