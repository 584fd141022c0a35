/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * btf.h - questions to the kernel's BTF (type information), as libbpf has parsed it.
 *
 * Each answers 1 yes, 0 no, or -ENOENT when what is asked about (the struct, the enum) is not in there at all, so that
 * nothing can be said. All of them walk every type: a few milliseconds each, for questions at the start of a program.
 */
#ifndef SQUALL_KERNEL_BTF_H
#define SQUALL_KERNEL_BTF_H

struct btf;

/* A function that is inlined everywhere is not in BTF: ask for those that have callers in other files. */
int kernel_btf_has_function(const struct btf *btf, const char *name);

/* Members of unnamed structs and unions inside count too. Every struct of that name is looked at: one is enough. */
int kernel_btf_has_member(const struct btf *btf, const char *struct_name, const char *member);

/* Is @member's type called @type ("int", "atomic_t")? -ENOENT also when there is no such member. */
int kernel_btf_member_is(const struct btf *btf, const char *struct_name, const char *member, const char *type);

/* @enum_name: its name, or for an enum without one any of its enumerators. */
int kernel_btf_has_enumerator(const struct btf *btf, const char *enum_name, const char *enumerator);

/* -ENOENT when BTF lists no tracepoints of reclaim. */
int kernel_btf_has_tracepoint(const struct btf *btf, const char *name);

#endif
