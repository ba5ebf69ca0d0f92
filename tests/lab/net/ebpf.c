// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eBPF programs, written instruction by instruction: what they do is a dozen
 * lines, and neither a compiler nor a loader for them has to be in dom0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labnet.h"

#define INSN(op, dst, src, offset, value)							\
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset),	\
			    .imm = (value) })
#define MOV(dst, src)			INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOV_IMM(dst, value)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define ADD_IMM(dst, value)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define LOAD(size, dst, src, offset)	INSN(BPF_LDX | BPF_MEM | (size), dst, src, offset, 0)
#define STORE(size, dst, offset, src)	INSN(BPF_STX | BPF_MEM | (size), dst, src, offset, 0)
#define JUMP(op, dst, src, to)		INSN(BPF_JMP | (op) | BPF_X, dst, src, to, 0)
#define JUMP_IMM(op, dst, value, to)	INSN(BPF_JMP | (op) | BPF_K, dst, 0, to, value)
#define CALL(function)			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define EXIT				INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, STACK };

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct bpf_insn *insns, size_t nr)
{
	static char log[1 << 16];
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.expected_attach_type = BPF_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (unsigned int)nr;
	attr.license = (uintptr_t)"GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		labnet_unusable("the program does not load: %s\n%s", strerror(errno), log);
	return fd;
}

/* In the driver: anything else would be the stack's doing. It goes when the descriptor does. */
static int attach(int program, const char *name)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (unsigned int)program;
	attr.link_create.target_ifindex = labnet_ifindex(name);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	return bpf(BPF_LINK_CREATE, &attr);
}

/* ---- XDP ------------------------------------------------------------------------------------------- */

#define PREAMBLE	14u	/* instructions up to what is done with a packet */

static size_t write_action(struct bpf_insn *to, const char *action, const char *target)
{
	const struct bpf_insn drop[] = { MOV_IMM(R0, XDP_DROP), EXIT };
	/* Both ends of the packet change places, which leaves all sums as they are. */
	const struct bpf_insn echo[] = {
		LOAD(BPF_W, R0, R2, 0), LOAD(BPF_W, R1, R2, 6),
		STORE(BPF_W, R2, 0, R1), STORE(BPF_W, R2, 6, R0),
		LOAD(BPF_H, R0, R2, 4), LOAD(BPF_H, R1, R2, 10),
		STORE(BPF_H, R2, 4, R1), STORE(BPF_H, R2, 10, R0),
		LOAD(BPF_W, R0, R2, 26), LOAD(BPF_W, R1, R2, 30),
		STORE(BPF_W, R2, 26, R1), STORE(BPF_W, R2, 30, R0),
		LOAD(BPF_H, R0, R2, 34), LOAD(BPF_H, R1, R2, 36),
		STORE(BPF_H, R2, 34, R1), STORE(BPF_H, R2, 36, R0),
		MOV_IMM(R0, XDP_TX), EXIT,
	};
	const struct bpf_insn redirect[] = {
		MOV_IMM(R1, target ? (int)labnet_ifindex(target) : 0), MOV_IMM(R2, 0),
		CALL(BPF_FUNC_redirect), EXIT,
	};
	const struct bpf_insn *from = NULL;
	size_t size = 0;

	if (!strcmp(action, "drop")) {
		from = drop;
		size = sizeof(drop);
	} else if (!strcmp(action, "echo")) {
		from = echo;
		size = sizeof(echo);
	} else if (!strcmp(action, "redirect") && target) {
		from = redirect;
		size = sizeof(redirect);
	} else {
		labnet_unusable("there is no XDP program '%s'", action);
	}
	memcpy(to, from, size);
	return size / sizeof(*to);
}

/* UDP over IPv4 without options, to @port: @action; all else passes. */
static size_t write_program(struct bpf_insn *insns, uint16_t port, const char *action,
			    const char *target)
{
	size_t nr = PREAMBLE + write_action(insns + PREAMBLE, action, target), i;
	const struct bpf_insn preamble[PREAMBLE] = {
		LOAD(BPF_W, R2, R1, offsetof(struct xdp_md, data)),
		LOAD(BPF_W, R3, R1, offsetof(struct xdp_md, data_end)),
		MOV(R4, R2),
		ADD_IMM(R4, 42),
		JUMP(BPF_JGT, R4, R3, 0),
		LOAD(BPF_H, R5, R2, 12),
		JUMP_IMM(BPF_JNE, R5, htons(0x0800), 0),
		LOAD(BPF_B, R5, R2, 14),
		JUMP_IMM(BPF_JNE, R5, 0x45, 0),
		LOAD(BPF_B, R5, R2, 23),
		JUMP_IMM(BPF_JNE, R5, 17, 0),
		LOAD(BPF_H, R5, R2, 36),
		JUMP_IMM(BPF_JNE, R5, htons(port), 0),
		MOV(R4, R2),
	};

	memcpy(insns, preamble, sizeof(preamble));
	/* What does not match goes on behind the action. */
	for (i = 4; i < PREAMBLE; i++)
		if (BPF_CLASS(insns[i].code) == BPF_JMP)
			insns[i].off = (short)(nr - i - 1);
	insns[nr++] = MOV_IMM(R0, XDP_PASS);
	insns[nr++] = EXIT;
	return nr;
}

int labnet_xdp(const struct labnet_args *args)
{
	static const struct bpf_insn pass[] = { MOV_IMM(R0, XDP_PASS), EXIT };
	struct bpf_insn insns[64];
	char action[16] = "", target[16] = "";
	unsigned int port;
	size_t nr;

	if (!strcmp(args->words[1], "pass")) {
		memcpy(insns, pass, sizeof(pass));
		nr = sizeof(pass) / sizeof(pass[0]);
	} else if (sscanf(args->words[1], "%15[a-z]=%u,%15s", action, &port, target) >= 2) {
		nr = write_program(insns, (uint16_t)port, action, *target ? target : NULL);
	} else {
		labnet_unusable("'%s' is not pass or ACTION=PORT", args->words[1]);
	}
	if (attach(load(insns, nr), args->words[0]) < 0)
		return labnet_bad("%s takes no program: %s", args->words[0], strerror(errno));
	labnet_say("attached");
	labnet_wait_for_stop();
	return LABNET_GOOD;
}
