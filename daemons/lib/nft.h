/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet filter rules, through libnftables. */
#ifndef LIB_NFT_H
#define LIB_NFT_H

struct nft;

int nft_open(struct nft **ret_nft);
void nft_close(struct nft *nft);
static inline void nft_closep(struct nft **nft)
{
	nft_close(*nft);
}

/*
 * Applies commands in nft's language, all of them or none. @ret_why, if it
 * fails with -EINVAL, is nft's first line of complaint, to be freed.
 */
int nft_apply(struct nft *nft, const char *commands, char **ret_why);

#endif
