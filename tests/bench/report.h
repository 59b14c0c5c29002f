/* How results are shown: a table for people, JSON for programs. */
#pragma once

#include <stdio.h>

#include "tests/bench/bench.h"

/** Rows by group, then ratios with their targets. */
void report_table(FILE *out);
/** All rounds of all rows and the ratios. */
void report_json(FILE *out);
/** The median of the rounds' ratios; < 0 when a row of it was skipped. */
double report_ratio(const struct bench_ratio *ratio);
