/** Certificates for tests: good ones, and those that nobody should take. */
@NullMarked
package io.hostpipe.testkit.tls;

import org.jspecify.annotations.NullMarked;
