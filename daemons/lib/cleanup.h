/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Things that end with the block they are declared in, and handing them on. */
#ifndef LIB_CLEANUP_H
#define LIB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)	__attribute__((cleanup(f)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _free_		_cleanup_(cleanup_free)
#define _close_		_cleanup_(cleanup_close)
#define _fclose_	_cleanup_(cleanup_fclose)

/* The value, which the variable then no longer owns. */
#define TAKE_PTR(p)	({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
#define TAKE_FD(fd)	({ int taken_ = (fd); (fd) = -1; taken_; })

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif
