# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiles xenfront inside a build chroot: front.mk calls it with BIN= and OBJ=.
#
# It is linked statically: the same file runs in dom0 and in a guest that has only busybox.

MAKEFLAGS += --no-builtin-rules
SRC := tests/lab/front
OBJS := $(patsubst $(SRC)/%.c,$(OBJ)/%.o,$(wildcard $(SRC)/*.c))
CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -pthread -Wall -Wextra -Wshadow -Wno-unused-parameter \
	-Wmissing-prototypes -Werror

$(BIN)/xenfront: $(OBJS)
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^

$(OBJ)/%.o: $(SRC)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -c -o $@ $<

-include $(OBJS:.o=.d)
