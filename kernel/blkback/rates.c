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

/* Under vbd->lock. */
static void set_rates(struct blkback_vbd *vbd, u64 iops, u64 bytes, unsigned int burst_ms)
{
	u64 burst_ns = (u64)burst_ms * NSEC_PER_MSEC;
	unsigned int i;

	spin_lock(&vbd->rates_lock);
	wire_limit_set(&vbd->iops, iops, burst_ns);
	wire_limit_set(&vbd->bytes, bytes, burst_ns);
	vbd->burst_ms = burst_ms;
	WRITE_ONCE(vbd->has_rates, iops || bytes);
	spin_unlock(&vbd->rates_lock);

	/* Whoever waits because of the old ones looks again. */
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_kick(&vbd->queues[i]);
}

static ssize_t iops_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(vbd->iops.per_second));
}

static ssize_t iops_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	u64 value;
	int err = kstrtou64(buf, 10, &value);

	if (err)
		return err;
	mutex_lock(&vbd->lock);
	set_rates(vbd, value, vbd->bytes.per_second, vbd->burst_ms);
	mutex_unlock(&vbd->lock);
	return count;
}
static DEVICE_ATTR_RW(iops);

static ssize_t bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(vbd->bytes.per_second));
}

static ssize_t bytes_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	u64 value;
	int err = kstrtou64(buf, 10, &value);

	if (err)
		return err;
	mutex_lock(&vbd->lock);
	set_rates(vbd, vbd->iops.per_second, value, vbd->burst_ms);
	mutex_unlock(&vbd->lock);
	return count;
}
static DEVICE_ATTR_RW(bytes);

static ssize_t burst_ms_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(vbd->burst_ms));
}

static ssize_t burst_ms_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	unsigned int value;
	int err = kstrtouint(buf, 10, &value);

	if (err)
		return err;
	if (value > BURST_MS_MAX)
		return -ERANGE;
	mutex_lock(&vbd->lock);
	set_rates(vbd, vbd->iops.per_second, vbd->bytes.per_second, value);
	mutex_unlock(&vbd->lock);
	return count;
}
static DEVICE_ATTR_RW(burst_ms);

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
