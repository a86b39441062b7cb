/** What survives a crash, on a {@link io.hostpipe.storage.Disk} that may be simulated. */
@NullMarked
package io.hostpipe.storage;

import org.jspecify.annotations.NullMarked;
