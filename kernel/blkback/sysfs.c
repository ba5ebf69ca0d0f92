// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/bus/xen-backend/devices/vbd-<domid>-<devid>/: statistics/, mode,
 * physical_device. The names and the text are those xentop and scripts know.
 * There from probe to unbind; counters never run backwards in that time.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "blkback.h"

/* Of @nr counters that stand one after the other. */
static ssize_t emit_sum(struct device *dev, size_t field, unsigned int nr, char *buf)
{
	struct blkback_vbd *vbd = dev_get_drvdata(dev);
	u64 total = 0;

	for (; nr; nr--, field += sizeof(u64))
		total += blkback_stats_sum(vbd, field);
	return sysfs_emit(buf, "%llu\n", total);
}

#define STATISTIC(name, field, nr)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return emit_sum(dev, offsetof(struct blkback_counters, field), nr, buf);	\
}											\
static DEVICE_ATTR_RO(name)

STATISTIC(oo_req, waits, 1);
STATISTIC(rd_req, reads, 1);
STATISTIC(wr_req, writes, 1);
STATISTIC(f_req, flushes, 1);
STATISTIC(ds_req, discards, 1);
STATISTIC(rd_sect, read_sectors, 1);
STATISTIC(wr_sect, write_sectors, 1);
STATISTIC(err_req, errors, BLKBACK_NR_ERRORS);
STATISTIC(rej_req, verdicts[WIRE_REJECT_OP], WIRE_NR_VERDICTS - WIRE_REJECT_OP);

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
