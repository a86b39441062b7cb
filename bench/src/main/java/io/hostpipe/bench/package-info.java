/** Micro-benchmarks of the parts that every byte passes. */
@NullMarked
package io.hostpipe.bench;

import org.jspecify.annotations.NullMarked;
