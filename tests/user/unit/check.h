/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka, and the one claim that all tables need: which row it was. */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../daemons/lib/cleanup.h"

#define check_row(row, claim)							\
	do {									\
		if (!(claim))							\
			fail_msg("%s: %s is not so", row, #claim);		\
	} while (0)

#endif
