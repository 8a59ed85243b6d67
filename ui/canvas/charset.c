/* The character set that this terminal can show.  See charset.h. */
#include "ui/canvas/charset.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

enum charset charset_resolve(enum charset wanted)
{
	const char *terminal = getenv("TERM");

	if (wanted != CHARSET_AUTO)
		return wanted;
	/* The fonts of the Linux console have 512 glyphs at most; braille is not among them. */
	if (terminal && strcmp(terminal, "linux") == 0)
		return CHARSET_ASCII;
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? CHARSET_BRAILLE : CHARSET_ASCII;
}
