# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiles labnet inside a build chroot: net.mk calls it with BIN= and OBJ=. Static, for dom0 and guests.

MAKEFLAGS += --no-builtin-rules
SRC := tests/lab/net
OBJS := $(patsubst $(SRC)/%.c,$(OBJ)/%.o,$(wildcard $(SRC)/*.c))
CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -pthread -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror

$(BIN)/labnet: $(OBJS)
	@mkdir -p $(@D)
	$(CC) -static -s -pthread -o $@ $^

$(OBJ)/%.o: $(SRC)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -c -o $@ $<

-include $(OBJS:.o=.d)
