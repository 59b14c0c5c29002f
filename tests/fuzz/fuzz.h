/*
 * Fuzz targets: one function that takes bytes nobody vouches for. Built in two ways: with libFuzzer
 * (make fuzz), which looks for inputs that break it, and with replay.c, which runs the inputs found so
 * far as part of the tests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
