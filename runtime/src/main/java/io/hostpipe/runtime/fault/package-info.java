/** Does to real connections what networks do to them: for the demo and for tests. */
@NullMarked
package io.hostpipe.runtime.fault;

import org.jspecify.annotations.NullMarked;
