/* Golden screens of boards made by hand: what stands on the stage, compared with golden/NAME.txt
 * as text.  A test program that is started with --update writes the files. */
#pragma once

void golden_open(int argc, char **argv); /* first, in main() */
void golden_screen(const char *name);
