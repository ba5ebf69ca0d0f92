// SPDX-License-Identifier: GPL-2.0
/* xenbe.ko: load, unload, and the protocol functions the drivers share. */
#include <linux/module.h>
#include <xen/xen.h>

#include "../../wire/limit.h"
#include "../../wire/store.h"
#include "xenbe.h"

EXPORT_SYMBOL_GPL(wire_verdict_name);
EXPORT_SYMBOL_GPL(wire_verdict_text);
EXPORT_SYMBOL_GPL(wire_state_step);
EXPORT_SYMBOL_GPL(wire_xenbus_state_name);
EXPORT_SYMBOL_GPL(wire_store_parse_u64);
EXPORT_SYMBOL_GPL(wire_store_parse_bool);
EXPORT_SYMBOL_GPL(wire_store_parse_devnum);
EXPORT_SYMBOL_GPL(wire_store_parse_disk_mode);
EXPORT_SYMBOL_GPL(wire_store_parse_rate);
EXPORT_SYMBOL_GPL(wire_store_ring_ref_key);
EXPORT_SYMBOL_GPL(wire_limit_set);
EXPORT_SYMBOL_GPL(wire_limit_wait);
EXPORT_SYMBOL_GPL(wire_limit_charge);

static int __init xenbe_init(void)
{
	return xen_domain() ? 0 : -ENODEV;
}
module_init(xenbe_init);

static void __exit xenbe_exit(void)
{
}
module_exit(xenbe_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mechanics shared by the Xen backend drivers");
MODULE_VERSION(XENBE_VERSION);
