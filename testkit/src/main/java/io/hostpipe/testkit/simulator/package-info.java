/**
 * The deterministic simulator: two sessions, their hosts and the network between them in one thread
 * and in virtual time, all chance out of one seed.
 */
@NullMarked
package io.hostpipe.testkit.simulator;

import org.jspecify.annotations.NullMarked;
