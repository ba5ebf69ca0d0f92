// SPDX-License-Identifier: GPL-2.0
/*
 * limits/iops, limits/bytes and limits/burst_ms in a device's sysfs directory:
 * how much of the disk its guest may use, over all rings, changed at any time.
 * A request that has to wait stays on its ring, and its thread sleeps.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "blkback.h"

#define BURST_MS_DEFAULT	100u
#define BURST_MS_MAX		10000u

void blkback_rates_init(struct blkback_vbd *vbd)
{
	spin_lock_init(&vbd->rates_lock);
	vbd->burst_ms = BURST_MS_DEFAULT;
}

u64 blkback_rates_wait(struct blkback_vbd *vbd, u64 now)
{
	u64 wait;

	if (likely(!READ_ONCE(vbd->has_rates)))
		return 0;
	spin_lock(&vbd->rates_lock);
	wait = max(wire_limit_wait(&vbd->iops, now), wire_limit_wait(&vbd->bytes, now));
	spin_unlock(&vbd->rates_lock);
	return wait;
}

void blkback_rates_charge(struct blkback_vbd *vbd, u64 now, u64 bytes)
{
	if (likely(!READ_ONCE(vbd->has_rates)))
		return;
	spin_lock(&vbd->rates_lock);
	wire_limit_charge(&vbd->iops, now, 1);
	wire_limit_charge(&vbd->bytes, now, bytes);
	spin_unlock(&vbd->rates_lock);
}

/* Sets one of the three numbers from what was written to its file, and starts them all afresh. */
static ssize_t store_number(struct blkback_vbd *vbd, const char *buf, size_t count, u64 max,
			    u64 *number)
{
	unsigned int i;
	u64 value, burst_ns;
	int err = kstrtou64(buf, 10, &value);

	if (err)
		return err;
	if (value > max)
		return -ERANGE;

	mutex_lock(&vbd->lock);
	spin_lock(&vbd->rates_lock);
	*number = value;
	burst_ns = vbd->burst_ms * NSEC_PER_MSEC;
	wire_limit_set(&vbd->iops, vbd->iops.per_second, burst_ns);
	wire_limit_set(&vbd->bytes, vbd->bytes.per_second, burst_ns);
	WRITE_ONCE(vbd->has_rates, vbd->iops.per_second || vbd->bytes.per_second);
	spin_unlock(&vbd->rates_lock);

	/* Whoever waits because of the old ones looks again. */
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_kick(&vbd->queues[i]);
	mutex_unlock(&vbd->lock);
	return count;
}

#define RATE(name, field, max)									\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{												\
	struct blkback_vbd *vbd = dev_get_drvdata(dev);						\
												\
	return sysfs_emit(buf, "%llu\n", READ_ONCE(vbd->field));				\
}												\
static ssize_t name##_store(struct device *dev, struct device_attribute *attr,			\
			    const char *buf, size_t count)					\
{												\
	struct blkback_vbd *vbd = dev_get_drvdata(dev);						\
												\
	return store_number(vbd, buf, count, max, &vbd->field);					\
}												\
static DEVICE_ATTR_RW(name)

RATE(iops, iops.per_second, U64_MAX);
RATE(bytes, bytes.per_second, U64_MAX);
RATE(burst_ms, burst_ms, BURST_MS_MAX);

static struct attribute *rates[] = {
	&dev_attr_iops.attr,
	&dev_attr_bytes.attr,
	&dev_attr_burst_ms.attr,
	NULL
};

const struct attribute_group blkback_rates_group = {
	.name = "limits",
	.attrs = rates,
};
