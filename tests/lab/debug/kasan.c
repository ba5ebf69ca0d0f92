// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KASAN in a PV guest, which Linux does not have. Goes into arch/x86/xen of the
 * lab's debug kernel.
 *
 * Xen has to see each change of a page table, and its pages may nowhere be mapped
 * writable; Linux's own set-up of the shadow knows nothing of that. So a PV guest
 * has this one:
 *
 *   xen_kasan_early()  first of all in xen_start_kernel(): all of the shadow is one
 *                      page, by way of one table of each level, in the tables that
 *                      the domain was built with.
 *   xen_kasan_keep()   while Linux makes its own top table.
 *   xen_kasan_init()   instead of kasan_init(): memory and the kernel itself get a
 *                      shadow of their own, and the one page becomes read-only. What
 *                      modules may use gets none; module_alloc() makes it.
 *
 * Neither inline instrumentation nor CONFIG_KASAN_VMALLOC.
 */
#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/range.h>
#include <linux/sched/task.h>
#include <asm/e820/types.h>
#include <asm/pgtable.h>
#include <asm/sections.h>
#include <asm/tlbflush.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include <xen/interface/xen.h>
#include <xen/xen.h>

#define ENTRIES 512
#define TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define DATA (TABLE | _PAGE_NX)
#define READ_ONLY (DATA & ~_PAGE_RW)

extern struct range pfn_mapped[E820_MAX_ENTRIES];
void xen_kasan_early(void);
void xen_kasan_keep(pgd_t *top);
void xen_kasan_init(void);

static struct mmu_update updates[ENTRIES] __initdata;
static int nr_updates __initdata;

static void __init flush(void)
{
	int done;

	if (nr_updates && (HYPERVISOR_mmu_update(updates, nr_updates, &done, DOMID_SELF) ||
			   done != nr_updates))
		BUG();
	nr_updates = 0;
}

/* One entry of a table that is in use, by its machine address. */
static void __init update(phys_addr_t machine, u64 value)
{
	updates[nr_updates].ptr = machine | MMU_NORMAL_PT_UPDATE;
	updates[nr_updates].val = value;
	if (++nr_updates == ENTRIES)
		flush();
}

/* Of what lies in the kernel, before there is a map of all memory. */
static u64 __init machine_early(const void *p)
{
	unsigned long offset = (unsigned long)p - __START_KERNEL_map;
	const unsigned long *mfns = (unsigned long *)xen_start_info->mfn_list;

	return (u64)mfns[offset >> PAGE_SHIFT] << PAGE_SHIFT | (offset & ~PAGE_MASK);
}

static void __init early_table(void *table, const void *below, u64 flags)
{
	u64 *entry = table;
	pte_t readonly;
	int i;

	for (i = 0; i < ENTRIES; i++)
		entry[i] = machine_early(below) | flags;
	readonly.pte = machine_early(table) | READ_ONLY;
	if (HYPERVISOR_update_va_mapping((unsigned long)table, readonly, UVMF_INVLPG))
		BUG();
}

void __init xen_kasan_early(void)
{
	int i;

	early_table(kasan_early_shadow_pte, kasan_early_shadow_page, DATA);
	early_table(kasan_early_shadow_pmd, kasan_early_shadow_pte, TABLE);
	early_table(kasan_early_shadow_pud, kasan_early_shadow_pmd, TABLE);
	for (i = pgd_index(KASAN_SHADOW_START); i < pgd_index(KASAN_SHADOW_END); i++)
		update(machine_early((pgd_t *)xen_start_info->pt_base + i),
		       machine_early(kasan_early_shadow_pud) | TABLE);
	flush();
}

void __init xen_kasan_keep(pgd_t *top)
{
	int i;

	for (i = pgd_index(KASAN_SHADOW_START); i < pgd_index(KASAN_SHADOW_END); i++)
		top[i] = ((pgd_t *)xen_start_info->pt_base)[i];
}

/* ---- when there is memory to be had -------------------------------------------------------- */

static u64 __init machine(const void *p)
{
	return virt_to_machine((void *)p).maddr;
}

static void *__init memory(unsigned long size)
{
	void *p = memblock_alloc(size, size);

	if (!p)
		panic("xen_kasan: no %lu bytes for the shadow\n", size);
	return p;
}

static void *__init below(u64 entry)
{
	return __va((phys_addr_t)mfn_to_pfn((entry & PTE_PFN_MASK) >> PAGE_SHIFT) << PAGE_SHIFT);
}

static bool __init is_early(u64 entry, void *early)
{
	return below(entry) == lm_alias(early);
}

/* The table below an entry, made its own if it is the early one. */
static u64 *__init own(u64 *entry, void *early)
{
	void *table;

	if (!is_early(*entry, early))
		return below(*entry);
	table = memory(PAGE_SIZE);
	memcpy(table, early, PAGE_SIZE);
	make_lowmem_page_readonly(table);
	update(machine(entry), machine(table) | TABLE);
	flush();
	return table;
}

/* The entry for one page of the shadow; none without pages. */
static u64 __init data(void *pages, unsigned long addr)
{
	return pages ? machine(pages + (addr & ~PMD_MASK)) | DATA : 0;
}

/*
 * The shadow from start to end, which are aligned to pages: a page each, or, if
 * real is false, nothing. What is left of a table of pages is the early page, which
 * is not to be written any more.
 */
static void __init shadow(unsigned long start, unsigned long end, bool real)
{
	const u64 readonly = machine(lm_alias(kasan_early_shadow_page)) | READ_ONLY;
	unsigned long addr, next, a;

	for (addr = start; addr < end; addr = next) {
		u64 *pud = own((u64 *)(init_top_pgt + pgd_index(addr)), kasan_early_shadow_pud);
		u64 *pmd = own(pud + pud_index(addr), kasan_early_shadow_pmd) + pmd_index(addr);
		u64 *pte;
		void *pages;

		next = min((addr | ~PMD_MASK) + 1, end);
		if (!real && next - addr == PMD_SIZE) {
			update(machine(pmd), 0);
			flush();
			continue;
		}
		pages = real ? memory(PMD_SIZE) : NULL;
		if (is_early(*pmd, kasan_early_shadow_pte)) {
			int i;

			pte = memory(PAGE_SIZE);
			for (i = 0; i < ENTRIES; i++)
				pte[i] = readonly;
			for (a = addr; a < next; a += PAGE_SIZE)
				pte[pte_index(a)] = data(pages, a);
			make_lowmem_page_readonly(pte);
			update(machine(pmd), machine(pte) | TABLE);
		} else {
			pte = below(*pmd);
			for (a = addr; a < next; a += PAGE_SIZE)
				update(machine(pte + pte_index(a)), data(pages, a));
		}
		flush();
	}
}

static unsigned long __init of(unsigned long addr)
{
	return (unsigned long)kasan_mem_to_shadow((void *)addr);
}

static unsigned long __init of_pfn(u64 pfn)
{
	return of((unsigned long)pfn_to_kaddr(pfn));
}

void __init xen_kasan_init(void)
{
	unsigned long end = round_up(of((unsigned long)_end), PAGE_SIZE);
	u64 readonly;
	int i;

	/* The stack that this runs on is in the kernel. */
	shadow(round_down(of((unsigned long)_stext), PAGE_SIZE), end, true);
	for (i = 0; i < E820_MAX_ENTRIES && pfn_mapped[i].end; i++)
		shadow(round_down(of_pfn(pfn_mapped[i].start), PAGE_SIZE),
		       round_up(of_pfn(pfn_mapped[i].end), PAGE_SIZE), true);
	shadow(end, of(MODULES_END), false);
	__flush_tlb_all();

	memset(kasan_early_shadow_page, 0, PAGE_SIZE);
	readonly = machine(lm_alias(kasan_early_shadow_page)) | READ_ONLY;
	for (i = 0; i < ENTRIES; i++)
		update(machine(lm_alias(kasan_early_shadow_pte)) + i * sizeof(u64), readonly);
	flush();
	__flush_tlb_all();

	init_task.kasan_depth = 0;
	pr_info("KASAN: the shadow of a PV guest is there\n");
}
