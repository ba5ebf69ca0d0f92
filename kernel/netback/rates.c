// SPDX-License-Identifier: GPL-2.0
/*
 * How much a guest may send, and be sent, over all queues of the vif together:
 * limits/from_guest and limits/to_guest in the device's sysfs directory, bytes
 * a second, and limits/burst_ms, changed at any time. The toolstack's `rate`
 * key (bytes in an interval) sets the first whenever it changes.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "netback.h"

#define BURST_MS_DEFAULT	50u
#define BURST_MS_MIN		1u	/* timers are no finer than a few milliseconds */
#define BURST_MS_MAX		10000u

void netback_rates_init(struct netback_vif *vif)
{
	spin_lock_init(&vif->rates_lock);
	vif->burst_ms = BURST_MS_DEFAULT;
}

/* Both start afresh. */
static void set_rates(struct netback_vif *vif, u64 from, u64 to, u64 burst_ms)
{
	u64 burst_ns = burst_ms * NSEC_PER_MSEC;
	unsigned int i;

	lockdep_assert_held(&vif->lock);
	spin_lock_irq(&vif->rates_lock);
	vif->burst_ms = burst_ms;
	wire_limit_set(&vif->rates[NETBACK_FROM], from, burst_ns);
	wire_limit_set(&vif->rates[NETBACK_TO], to, burst_ns);
	WRITE_ONCE(vif->has_rates, from || to);
	spin_unlock_irq(&vif->rates_lock);
	/* Whoever waits because of the old ones looks again. */
	for (i = 0; i < vif->nr_queues; i++) {
		local_bh_disable();
		netback_from_kick(&vif->queues[i]);
		netback_to_rates_changed(&vif->queues[i]);
		local_bh_enable();
	}
}

/* At least 1: 0 is no limit. */
static u64 bytes_per_second(u64 bytes, u64 usec)
{
	if (bytes > U64_MAX / USEC_PER_SEC)
		return U64_MAX;
	return max(div64_u64(bytes * USEC_PER_SEC, usec), 1ULL);
}

int netback_rates_read(struct netback_vif *vif)
{
	u64 bytes = 0, usec = 0, per_second;
	char *text;
	int err = xenbe_store_read_text(vif->dev->nodename, "rate", &text);

	if (!xenbe_store_answered(err))
		return -EAGAIN;
	if (!err && !wire_store_parse_rate(text, &bytes, &usec)) {
		xenbe_key_bad(&vif->errors, vif->dev, 0, vif->dev->nodename, "rate",
			      "bytes,microseconds");
		bytes = usec = 0;
	}
	if (!err)
		kfree(text);
	per_second = usec ? bytes_per_second(bytes, usec) : 0;
	if (per_second == vif->rate_key)
		return 0;	/* what sysfs has been told since stays */
	vif->rate_key = per_second;
	set_rates(vif, per_second, vif->rates[NETBACK_TO].per_second,
		  usec ? clamp_t(u64, usec / USEC_PER_MSEC, BURST_MS_MIN, BURST_MS_MAX) :
			 vif->burst_ms);
	return 0;
}

/* Whoever transmits for netpoll has interrupts off. */
u64 netback_rates_wait(struct netback_vif *vif, enum netback_way way)
{
	unsigned long flags;
	u64 wait;

	if (likely(!READ_ONCE(vif->has_rates)))
		return 0;
	spin_lock_irqsave(&vif->rates_lock, flags);
	wait = wire_limit_wait(&vif->rates[way], ktime_get_ns());
	spin_unlock_irqrestore(&vif->rates_lock, flags);
	return wait;
}

void netback_rates_charge(struct netback_vif *vif, enum netback_way way, u64 bytes)
{
	unsigned long flags;

	if (likely(!READ_ONCE(vif->has_rates)))
		return;
	spin_lock_irqsave(&vif->rates_lock, flags);
	wire_limit_charge(&vif->rates[way], ktime_get_ns(), bytes);
	spin_unlock_irqrestore(&vif->rates_lock, flags);
}

/* ---- sysfs --------------------------------------------------------------------------------- */

static int get_number(const char *buf, u64 min, u64 max, u64 *value)
{
	int err = kstrtou64(buf, 10, value);

	if (err)
		return err;
	return *value < min || *value > max ? -ERANGE : 0;
}

#define RATE(name, field, min, max, from, to, burst)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{												\
	struct netback_vif *vif = dev_get_drvdata(dev);						\
												\
	return sysfs_emit(buf, "%llu\n", READ_ONCE(vif->field));				\
}												\
static ssize_t name##_store(struct device *dev, struct device_attribute *attr,			\
			    const char *buf, size_t count)					\
{												\
	struct netback_vif *vif = dev_get_drvdata(dev);						\
	u64 value;										\
	int err = get_number(buf, min, max, &value);						\
												\
	if (err)										\
		return err;									\
	mutex_lock(&vif->lock);									\
	set_rates(vif, from, to, burst);							\
	mutex_unlock(&vif->lock);								\
	return count;										\
}												\
static DEVICE_ATTR_RW(name)

#define FROM_NOW	vif->rates[NETBACK_FROM].per_second
#define TO_NOW		vif->rates[NETBACK_TO].per_second

RATE(from_guest, rates[NETBACK_FROM].per_second, 0, U64_MAX, value, TO_NOW, vif->burst_ms);
RATE(to_guest, rates[NETBACK_TO].per_second, 0, U64_MAX, FROM_NOW, value, vif->burst_ms);
RATE(burst_ms, burst_ms, BURST_MS_MIN, BURST_MS_MAX, FROM_NOW, TO_NOW, value);

static struct attribute *rates[] = {
	&dev_attr_from_guest.attr,
	&dev_attr_to_guest.attr,
	&dev_attr_burst_ms.attr,
	NULL
};

const struct attribute_group netback_rates_group = {
	.name = "limits",
	.attrs = rates,
};
