// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/bus/xen-backend/devices/vbd-<domid>-<devid>/: statistics/, mode,
 * physical_device. The names and the text are those xentop and scripts know.
 * There from probe to unbind; counters never run backwards in that time.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "blkback.h"

static u64 sum(struct blkback_vbd *vbd, size_t field)
{
	unsigned int i;
	u64 total = 0;

	for (i = 0; i < vbd->max_queues; i++)
		total += READ_ONCE(*(u64 *)((char *)&vbd->counters[i] + field));
	return total;
}

#define STATISTIC(name, field)								\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return sysfs_emit(buf, "%llu\n", sum(dev_get_drvdata(dev),			\
					     offsetof(struct blkback_counters, field)));	\
}											\
static DEVICE_ATTR_RO(name)

STATISTIC(oo_req, waits);
STATISTIC(rd_req, reads);
STATISTIC(wr_req, writes);
STATISTIC(f_req, flushes);
STATISTIC(ds_req, discards);
STATISTIC(rd_sect, read_sectors);
STATISTIC(wr_sect, write_sectors);

static ssize_t err_req_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	u64 total = 0;
	unsigned int e;

	for (e = 0; e < BLKBACK_NR_ERRORS; e++)
		total += sum(vbd, offsetof(struct blkback_counters, errors[e]));
	return sysfs_emit(buf, "%llu\n", total);
}
static DEVICE_ATTR_RO(err_req);

static ssize_t rej_req_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	u64 total = 0;
	unsigned int v;

	for (v = WIRE_REJECT_OP; v < WIRE_NR_VERDICTS; v++)
		total += sum(vbd, offsetof(struct blkback_counters, verdicts[v]));
	return sysfs_emit(buf, "%llu\n", total);
}
static DEVICE_ATTR_RO(rej_req);

static struct attribute *statistics[] = {
	&dev_attr_oo_req.attr,
	&dev_attr_rd_req.attr,
	&dev_attr_wr_req.attr,
	&dev_attr_f_req.attr,
	&dev_attr_ds_req.attr,
	&dev_attr_rd_sect.attr,
	&dev_attr_wr_sect.attr,
	&dev_attr_err_req.attr,
	&dev_attr_rej_req.attr,
	NULL
};

static const struct attribute_group statistics_group = {
	.name = "statistics",
	.attrs = statistics,
};

static ssize_t physical_device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%x:%x\n", MAJOR(vbd->devt), MINOR(vbd->devt));
}
static DEVICE_ATTR_RO(physical_device);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vbd->readonly ? "r" : "w");
}
static DEVICE_ATTR_RO(mode);

static struct attribute *attributes[] = {
	&dev_attr_physical_device.attr,
	&dev_attr_mode.attr,
	NULL
};

static const struct attribute_group device_group = {
	.attrs = attributes,
};

const struct attribute_group *blkback_groups[] = {
	&statistics_group,
	&device_group,
	&blkback_rates_group,
	NULL
};
