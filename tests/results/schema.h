/* A validator for the part of JSON Schema that docs/results.schema.json uses: type, required,
 * properties, additionalProperties, items, enum, minimum, maximum, $ref into #/$defs.  An
 * unknown keyword in the schema is a failure, so that nothing is believed to be checked that is
 * not. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* false: `why` says where and what.  The schema file is read from docs/. */
bool schema_check(const json_t *document, char *why, size_t size);
json_t *schema_load(void);
bool schema_check_with(const json_t *schema, const json_t *document, char *why, size_t size);
