// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nft.h"

struct nft {
	struct nft_ctx *ctx;
};

int nft_open(struct nft **ret_nft)
{
	_cleanup_(nft_closep) struct nft *nft = calloc(1, sizeof(*nft));

	if (!nft)
		return -ENOMEM;
	nft->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft->ctx)
		return -ENOMEM;
	if (nft_ctx_buffer_error(nft->ctx) || nft_ctx_buffer_output(nft->ctx))
		return -ENOMEM;
	*ret_nft = TAKE_PTR(nft);
	return 0;
}

void nft_close(struct nft *nft)
{
	if (!nft)
		return;
	if (nft->ctx)
		nft_ctx_free(nft->ctx);
	free(nft);
}

int nft_apply(struct nft *nft, const char *commands, char **ret_why)
{
	const char *why;

	if (!nft_run_cmd_from_buffer(nft->ctx, commands))
		return 0;
	why = nft_ctx_get_error_buffer(nft->ctx);
	*ret_why = strndup(why, strcspn(why, "\n"));
	return *ret_why ? -EINVAL : -ENOMEM;
}
