/** Real servers for tests, each on free ports of loopback and in a folder of its own. */
@NullMarked
package io.hostpipe.testkit.servers;

import org.jspecify.annotations.NullMarked;
