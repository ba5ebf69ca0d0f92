// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "../hotplugd/request.h"
#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "xenbectl.h"

#define ANSWER_MAX	(16u << 20)

int ask_daemon(const char *verb, char **ret_text)
{
	const char *path = getenv("XEN_HOTPLUGD_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 10 };
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char data[65536];
	_str_ struct str answer = { 0 };
	ssize_t len;

	if (fd < 0)
		return -errno;
	if (!str_copy(addr.sun_path, sizeof(addr.sun_path), path ? path : REQUEST_SOCKET))
		return -ENAMETOOLONG;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	len = request_make(data, sizeof(data), verb, NULL, NULL, NULL);
	if (len < 0 || send(fd, data, (size_t)len, MSG_NOSIGNAL) != len)
		return -EIO;
	while ((len = recv(fd, data, sizeof(data), 0)) > 0 && answer.len < ANSWER_MAX)
		str_add(&answer, data, (size_t)len);
	if (len < 0)
		return -errno;
	*ret_text = str_take(&answer);
	return *ret_text ? 0 : -ENODATA;
}
