# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A case that ends without a verdict is broken.
# expect: error

true
