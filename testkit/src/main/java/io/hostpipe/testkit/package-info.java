/** Contract tests, the simulator and the fault proxy. */
@NullMarked
package io.hostpipe.testkit;

import org.jspecify.annotations.NullMarked;
