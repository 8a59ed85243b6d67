/* Checks that several base tests share. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
