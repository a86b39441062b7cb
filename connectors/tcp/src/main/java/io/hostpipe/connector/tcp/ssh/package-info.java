/**
 * Sessions over the standard input and output of ssh: the carrier that is there wherever a person
 * may log in. Keys, hosts and users are ssh's own.
 */
@NullMarked
package io.hostpipe.connector.tcp.ssh;

import org.jspecify.annotations.NullMarked;
